const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Whether two of Kubernetes' quantities mean the same, as `0.1` and `100m` do: an API server rewrites them. */
export function sameQuantity(a: unknown, b: unknown): boolean {
  const [left, right] = [numberOf(a), numberOf(b)];
  return left === undefined || right === undefined ? a === b : Math.abs(left - right) <= Math.abs(left) * 1e-12;
}

function numberOf(quantity: unknown): number | undefined {
  const [, number, suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(quantity)) ?? [];
  if (number === undefined) return undefined;
  if (binary.indexOf(suffix) > 0) return Number(number) * 1024 ** binary.indexOf(suffix);
  return decimal.includes(suffix) ? Number(number) * 1000 ** (decimal.indexOf(suffix) - 3) : undefined;
}
