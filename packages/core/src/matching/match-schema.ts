import * as v from 'valibot';
import { FairleadError } from '../errors.ts';
import { nearestName } from './nearest-name.ts';
import { compileRegex } from './regex.ts';
import type { Field } from './subject.ts';
import { methodProblem, nameProblem, valueProblem } from './value-problem.ts';

type Schema = v.GenericSchema<unknown, unknown>;

/** A text about which the function finds nothing to object. */
function text(problemOf: (text: string) => string | undefined): Schema {
  return v.pipe(
    v.string('must be a text'),
    v.rawCheck(({ dataset, addIssue }) => {
      const problem = dataset.typed ? problemOf(dataset.value) : undefined;
      if (problem) addIssue({ message: problem });
    }),
  );
}

/** An object of these entries, all optional, without others. */
function fields(entries: Readonly<Record<string, Schema>>): Schema {
  const known = Object.keys(entries);
  const optional = Object.fromEntries(Object.entries(entries).map(([name, schema]) => [name, v.optional(schema)]));
  return v.pipe(
    v.custom<Record<string, unknown>>(isObject, 'must be an object'),
    v.looseObject(optional),
    v.rawCheck(({ dataset, addIssue }) => {
      const input = dataset.value as Record<string, unknown>;
      for (const key of Object.keys(input).filter((name) => !known.includes(name))) {
        const meant = nearestName(key, known);
        addIssue({
          message: meant ? `not known, did you mean ${meant}?` : `not known, there are ${known.join(', ')}`,
          path: [{ type: 'object', origin: 'key', input, key, value: input[key] }],
        });
      }
    }),
  );
}

/** An object of rules by name. By way of a Map, as any name may occur, also those that objects have by nature. */
function named(field: Field): Schema {
  return v.pipe(
    v.custom<Record<string, unknown>>(isObject, 'must be an object of rules by name'),
    v.transform((input) => new Map<unknown, unknown>(Object.entries(input))),
    v.map(
      text((name) => nameProblem(field, name)),
      rule(field),
    ),
    v.minSize(1, 'names nothing'),
    v.transform((rules): unknown => Object.fromEntries(rules as Map<string, unknown>)),
  );
}

function rule(field: Field): Schema {
  const exact = text((value) => valueProblem(field, 'exact', value));
  const kinds = {
    exact,
    prefix: text((value) => valueProblem(field, 'prefix', value)),
    regex: text(regexProblem),
    // A path is always present: there is nothing to ask.
    ...(field !== 'path' && { present: v.boolean('must be true or false') }),
  };
  const object = v.pipe(
    fields(kinds),
    v.check((given) => definedKeys(given).length === 1, `must say exactly one of ${Object.keys(kinds).join(', ')}`),
  );
  return v.lazy((input) => (typeof input === 'object' ? object : exact));
}

function regexProblem(pattern: string): string | undefined {
  if (pattern === '') return 'an empty regex says nothing, use { present: true }';
  try {
    compileRegex(pattern);
    return undefined;
  } catch (error) {
    return FairleadError.from(error).message;
  }
}

const method = text(methodProblem);
const methods = v.pipe(v.array(method), v.minLength(1, 'names no method'));
const nested: Schema = v.lazy(() => matchSchema);
const group = v.pipe(v.array(nested, 'must be a list'), v.minLength(1, 'names no alternative'));

/** The shape of a match and everything that can be said against one of its fields. Neither depth nor size. */
export const matchSchema: Schema = v.pipe(
  fields({
    headers: named('headers'),
    path: rule('path'),
    method: v.lazy((input) => (Array.isArray(input) ? methods : method)),
    query: named('query'),
    cookies: named('cookies'),
    baggage: named('baggage'),
    allOf: group,
    anyOf: group,
    not: nested,
  }),
  v.check((given) => definedKeys(given).length > 0, 'is empty: it would take everything'),
);

function isObject(input: unknown): boolean {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function definedKeys(input: unknown): readonly string[] {
  return Object.entries(input as object).flatMap(([key, value]) => (value === undefined ? [] : [key]));
}
