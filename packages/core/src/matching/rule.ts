import { compileRegex, type LinearRegex } from './regex.ts';

/** The ways in which one text can be compared. `present` ignores the text. */
export type RuleKind = 'exact' | 'prefix' | 'regex' | 'present';

/** What a value has to be like. Immutable; a regex is compiled when first asked. */
export class Rule {
  readonly kind: RuleKind;
  readonly text: string;
  #regex: LinearRegex | undefined;

  constructor(kind: RuleKind, text: string) {
    this.kind = kind;
    this.text = text;
  }

  /** Whether this value is so. Fails with `bad-match` on a regex that cannot be compiled. */
  fits(value: string): boolean {
    switch (this.kind) {
      case 'exact':
        return value === this.text;
      case 'prefix':
        return value.startsWith(this.text);
      case 'regex':
        this.#regex ??= compileRegex(this.text);
        return this.#regex.fits(value);
      case 'present':
        return true;
    }
  }
}

/** Certain that every value which fits `a` fits `b` too. False when it is not so, and when it cannot be told. */
export function implies(a: Rule, b: Rule): boolean {
  if (b.kind === 'present' || (a.kind === b.kind && a.text === b.text)) return true;
  if (a.kind === 'exact') return b.fits(a.text);
  return a.kind === 'prefix' && b.kind === 'prefix' && b.fits(a.text);
}

/** Certain that no value fits both. False when one does, and when it cannot be told. */
export function disjoint(a: Rule, b: Rule): boolean {
  if (a.kind === 'exact') return !b.fits(a.text);
  if (b.kind === 'exact') return !a.fits(b.text);
  return a.kind === 'prefix' && b.kind === 'prefix' && !a.fits(b.text) && !b.fits(a.text);
}
