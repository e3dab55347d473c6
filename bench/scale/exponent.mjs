import { median, round3 } from '../measure.mjs';

/** Each size is done until it has taken this much CPU, so that small ones can be told from nothing. */
const leastCpuMs = 40;

/**
 * Measures the CPU that `work` takes for each size in rounds, all sizes in turn, and fits the exponent of its growth: the
 * slope of a line through the logarithms. With `each` the cost is taken for one of the size, not for all. `prepare` makes
 * what `work` is given, `ready` brings it each time to where `work` begins, which is not counted, and `clear` takes it away.
 */
export async function exponentRow({ id, what, sizes, target, rounds, each = false, ...does }) {
  const { prepare = () => undefined, clear } = does;
  const inputs = [];
  for (const size of sizes) inputs.push(await prepare(size));
  const exponents = [];
  const largest = [];
  for (let round = -1; round < rounds; round += 1) {
    const costs = [];
    for (const [index, size] of sizes.entries())
      costs.push((await cpuMs(does, inputs[index], size)) / (each ? size : 1));
    // The first round is a warm-up.
    if (round < 0) continue;
    exponents.push(slope(sizes.map(Math.log), costs.map(Math.log)));
    largest.push(costs.at(-1));
  }
  if (clear) for (const input of inputs) await clear(input);
  const ratio = median(exponents);
  return {
    id,
    peer: `none (${what})`,
    ratio: round3(ratio),
    target,
    rounds,
    spread: [round3(Math.min(...exponents)), round3(Math.max(...exponents))],
    unit: `ms at ${sizes.at(-1)}`,
    ours: round3(median(largest)),
    met: target === null || ratio <= target,
  };
}

async function cpuMs({ ready, work }, input, size) {
  globalThis.gc?.();
  let spentMs = 0;
  for (let times = 1; ; times += 1) {
    if (ready) {
      await ready(input, size);
      // What it left behind is not the work's to clear; a full collection would make small sizes begin with cold caches.
      globalThis.gc?.({ type: 'minor' });
    }
    const before = process.cpuUsage();
    await work(input, size);
    const { user, system } = process.cpuUsage(before);
    spentMs += (user + system) / 1000;
    if (spentMs >= leastCpuMs) return spentMs / times;
  }
}

function slope(xs, ys) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const over = xs.reduce((sum, x, index) => sum + (x - x0) * (ys[index] - y0), 0);
  return over / xs.reduce((sum, x) => sum + (x - x0) ** 2, 0);
}
