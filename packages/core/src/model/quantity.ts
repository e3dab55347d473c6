const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** The number that one of Kubernetes' quantities means: `100m` is 0.1, `1Ki` is 1024. NaN for what is none. */
export function numberOfQuantity(quantity: unknown): number {
  const [, number, suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(quantity)) ?? [];
  if (number === undefined) return Number.NaN;
  if (binary.indexOf(suffix) > 0) return Number(number) * 1024 ** binary.indexOf(suffix);
  return decimal.includes(suffix) ? Number(number) * 1000 ** (decimal.indexOf(suffix) - 3) : Number.NaN;
}

/** Whether two of Kubernetes' quantities mean the same, as `0.1` and `100m` do: an API server rewrites them. */
export function sameQuantity(a: unknown, b: unknown): boolean {
  const [left, right] = [numberOfQuantity(a), numberOfQuantity(b)];
  return Number.isNaN(left) || Number.isNaN(right) ? a === b : Math.abs(left - right) <= Math.abs(left) * 1e-12;
}
