const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** The number that one of Kubernetes' quantities means: `100m` is 0.1, `1Ki` is 1024. NaN for what is none. */
export function numberOfQuantity(quantity: string | number): number {
  const [, number, suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(quantity)) ?? [];
  if (number === undefined) return Number.NaN;
  if (binary.indexOf(suffix) > 0) return Number(number) * 1024 ** binary.indexOf(suffix);
  return decimal.includes(suffix) ? Number(number) * 1000 ** (decimal.indexOf(suffix) - 3) : Number.NaN;
}
