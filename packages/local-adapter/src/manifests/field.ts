import type { StringMap } from '@fairlead/core';

/** What a field needs to say what is wrong with it. */
export interface FieldContext {
  report(path: readonly (string | number)[], message: string): void;
}

/** A value somewhere in a manifest, read with its path in hand. What is wrong is reported, never thrown. */
export class Field {
  readonly value: unknown;
  readonly path: readonly (string | number)[];
  readonly #context: FieldContext;

  constructor(value: unknown, path: readonly (string | number)[], context: FieldContext) {
    this.value = value ?? undefined;
    this.path = path;
    this.#context = context;
  }

  /** Whether nothing, or null, is written here. */
  get absent(): boolean {
    return this.value === undefined;
  }

  /** The field of this name; absent where this is no object. */
  at(name: string): Field {
    const value = isRecord(this.value) && Object.hasOwn(this.value, name) ? this.value[name] : undefined;
    return new Field(value, [...this.path, name], this.#context);
  }

  /** Notes that something is wrong here. */
  report(message: string): void {
    this.#context.report(this.path, message);
  }

  /** Notes that nothing is written here. */
  require(): this {
    if (this.absent) this.report('is missing');
    return this;
  }

  /** The object, or undefined; anything else is reported. */
  record(): Readonly<Record<string, unknown>> | undefined {
    if (isRecord(this.value)) return this.value;
    this.#refuse('an object');
    return undefined;
  }

  /** The items of the list; none when absent. */
  items(): Field[] {
    if (Array.isArray(this.value)) {
      return this.value.map((item, index) => new Field(item, [...this.path, index], this.#context));
    }
    this.#refuse('a list');
    return [];
  }

  /** The text, or undefined. Numbers and booleans are refused, as the API server does. */
  string(): string | undefined {
    if (typeof this.value === 'string') return this.value;
    const quotable = typeof this.value === 'number' || typeof this.value === 'boolean';
    this.#refuse(quotable ? 'a text (quote it)' : 'a text');
    return undefined;
  }

  /** The whole number, or undefined. */
  integer(min: number, max: number): number | undefined {
    if (Number.isInteger(this.value) && (this.value as number) >= min && (this.value as number) <= max) {
      return this.value as number;
    }
    this.#refuse(max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number ${min} to ${max}`);
    return undefined;
  }

  /** One of the texts, or undefined. */
  oneOf<Word extends string>(words: readonly Word[]): Word | undefined {
    const word = words.find((candidate) => candidate === this.value);
    if (word === undefined) this.#refuse(`one of ${words.filter((candidate) => candidate !== '').join(', ')}`);
    return word;
  }

  /** The map of texts; empty when absent. */
  stringMap(): StringMap {
    const entries = Object.keys(this.record() ?? {}).map(
      (name) => [name, this.at(name).require().string() ?? ''] as const,
    );
    return Object.fromEntries(entries);
  }

  #refuse(wanted: string): void {
    if (!this.absent) this.report(`must be ${wanted}, is ${shown(this.value)}`);
  }
}

/** A path as people write it: `spec.template.spec.containers[0].name`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text ? `${text}.${step}` : step),
    '',
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
