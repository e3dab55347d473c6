const firstMs = 250;
const mostMs = 5_000;

/** How long to wait before an attempt, counted from 1, in milliseconds: doubling up to 5 s, spread by a quarter. */
export function backOffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(mostMs, firstMs * 2 ** (attempt - 1));
  return Math.round(full * (0.75 + random() / 4));
}
