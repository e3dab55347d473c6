import { it } from 'vitest';

/** Promises that an adapter cannot keep, each with the reason. */
export type Exemptions<Name extends string> = Readonly<Partial<Record<Name, string>>>;

/** Registers one promise as a case; an exempted one is shown as skipped, with its reason. */
export function keeps<Name extends string>(
  exempt: Exemptions<Name> | undefined,
  name: Name,
  sentence: string,
  prove: () => Promise<void>,
): void {
  const reason = exempt?.[name];
  if (reason === undefined) it(sentence, prove);
  else it.skip(`${sentence} (exempt: ${reason})`, prove);
}
