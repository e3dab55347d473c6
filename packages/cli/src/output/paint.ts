/** The few colours that the command uses. */
export type Paint = Readonly<Record<'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow', (text: string) => string>>;

const between =
  (on: number, off: number) =>
  (text: string): string =>
    `\u001b[${on}m${text}\u001b[${off}m`;
const plain = (text: string): string => text;

/** Colours, or the same words without them. Whether they are wanted is the terminal's to say, and nobody else's. */
export function paint(enabled: boolean): Paint {
  return enabled
    ? {
        bold: between(1, 22),
        cyan: between(36, 39),
        dim: between(2, 22),
        green: between(32, 39),
        red: between(31, 39),
        yellow: between(33, 39),
      }
    : { bold: plain, cyan: plain, dim: plain, green: plain, red: plain, yellow: plain };
}
