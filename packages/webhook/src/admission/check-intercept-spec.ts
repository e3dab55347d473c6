import { FairleadError, parseMatch, workloadKinds } from '@fairlead/core';
import * as v from 'valibot';

/** The bounds of what an intercept may ask for; those of its match are core's. */
export const interceptLimits: {
  /** Selectors of ports: no workload has more ports. */
  readonly ports: number;
  /** Characters of a session's id. */
  readonly sessionIdLength: number;
  /** Characters of a session's label. */
  readonly labelLength: number;
} = { ports: 64, sessionIdLength: 128, labelLength: 256 };

const maxProblems = 10;
const maxNameLength = 253;

const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const flag = v.boolean('must be true or false');
const name = v.pipe(
  v.string('must be a text'),
  v.maxLength(maxNameLength, `is longer than ${maxNameLength} characters`),
  v.regex(dnsName, 'is not a name'),
);

function fields<T extends v.ObjectEntries>(entries: T): v.StrictObjectSchema<T, v.ErrorMessage<v.StrictObjectIssue>> {
  return v.strictObject(entries, ({ expected, received }) => {
    if (expected === 'never') return `is not known, there are ${Object.keys(entries).join(', ')}`;
    return received === 'undefined' ? 'is missing' : 'must be an object';
  });
}

function textUpTo(length: number): v.GenericSchema<unknown> {
  return v.pipe(v.string('must be a text'), v.maxLength(length, `is longer than ${length} characters`));
}

const portSchema = fields({
  port: v.optional(v.custom(isPort, 'is neither the name nor the number of a port')),
  service: v.optional(name),
  container: v.optional(name),
  protocol: v.optional(v.picklist(['TCP', 'UDP'], 'must be TCP or UDP')),
});

const specSchema = fields({
  mode: v.picklist(['intercept', 'wiretap', 'removal'], 'must be intercept, wiretap or removal'),
  workload: fields({
    namespace: v.optional(v.string('must be a text')),
    kind: v.optional(v.picklist(workloadKinds, `must be one of ${workloadKinds.join(', ')}`)),
    name,
  }),
  ports: v.optional(
    v.pipe(
      v.array(v.unknown(), 'must be a list'),
      v.maxLength(interceptLimits.ports, `has more than ${interceptLimits.ports} items`),
      v.array(portSchema),
    ),
  ),
  match: v.optional(v.unknown()),
  toggle: v.optional(v.picklist(['drain', 'cut'], 'must be drain or cut')),
  includeProbes: v.optional(flag),
  session: fields({
    id: v.pipe(
      textUpTo(interceptLimits.sessionIdLength),
      v.check((id) => id !== '', 'is empty'),
    ),
    fingerprint: v.pipe(
      v.string('must be a text'),
      v.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal digits, lower case'),
    ),
    label: textUpTo(interceptLimits.labelLength),
  }),
  requester: v.optional(v.unknown()),
});

/**
 * Checks the `spec` of an intercept object that is in this namespace. Fields that are not known are refused: a misspelt
 * match would otherwise take everybody's traffic. Who is written there as requester is not looked at.
 *
 * Fails with `bad-request`, naming every problem with its place, or with `bad-match`.
 */
export function checkInterceptSpec(raw: unknown, namespace: string): void {
  const result = v.safeParse(specSchema, raw);
  if (!result.success) throw refused(result.issues.map((issue) => `${placeOf(issue)} ${issue.message}`));
  const { workload, match } = result.output;
  if (workload.namespace !== undefined && workload.namespace !== namespace) {
    throw refused([`spec.workload.namespace must be ${namespace}, where the intercept is`]);
  }
  if (match !== undefined) parseMatch(match);
}

/** A name has a letter in it, so digits alone are a number. */
function isPort(input: unknown): boolean {
  if (typeof input === 'string' && !/^\d+$/.test(input)) return input.length <= 63 && dnsName.test(input);
  const number = Number(input);
  return ['string', 'number'].includes(typeof input) && Number.isInteger(number) && number >= 1 && number <= 65_535;
}

function placeOf({ path }: v.BaseIssue<unknown>): string {
  return (path ?? []).reduce(
    (place, { key }) => (typeof key === 'number' ? `${place}[${key}]` : `${place}.${String(key)}`),
    'spec',
  );
}

function refused(problems: readonly string[]): FairleadError {
  const shown = problems.slice(0, maxProblems).join('; ');
  const more = problems.length > maxProblems ? `; and ${problems.length - maxProblems} more` : '';
  return new FairleadError('bad-request', `not a valid intercept: ${shown}${more}`, { phase: 'input' });
}
