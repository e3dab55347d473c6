import { bold, cyan, dim, green, red, yellow } from 'yoctocolors';

/** The few colours that the command uses. */
export type Paint = Readonly<Record<'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow', (text: string) => string>>;

const plain = (text: string): string => text;

/** Colours, or the same words without them. */
export function paint(enabled: boolean): Paint {
  return enabled
    ? { bold, cyan, dim, green, red, yellow }
    : { bold: plain, cyan: plain, dim: plain, green: plain, red: plain, yellow: plain };
}
