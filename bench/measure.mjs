/** Rows are measured in rounds; in each round ours and the peer take turns, so that a noisy minute hits both. */

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Measures `ours` against `peer` for `rounds` rounds and returns the row's figures. The first round of each, or
 * as many as `warmUps` says, is a warm-up and is not counted. `higherIsBetter` only marks what the target means.
 */
export async function compare({ id, peer, target, higherIsBetter = false, unit, rounds, warmUps = 1, ours, theirs }) {
  const ratios = [];
  const oursSeen = [];
  const theirsSeen = [];
  for (let round = 0; round < warmUps + rounds; round += 1) {
    const first = round % 2 === 0 ? ours : theirs;
    const second = round % 2 === 0 ? theirs : ours;
    const a = await first();
    const b = await second();
    const [mine, other] = round % 2 === 0 ? [a, b] : [b, a];
    if (round < warmUps) continue;
    oursSeen.push(mine);
    theirsSeen.push(other);
    ratios.push(mine / other);
  }
  return {
    id,
    peer,
    ratio: round3(median(ratios)),
    target,
    rounds,
    spread: [round3(Math.min(...ratios)), round3(Math.max(...ratios))],
    unit,
    ours: round3(median(oursSeen)),
    theirs: round3(median(theirsSeen)),
    met: target === null || (higherIsBetter ? median(ratios) >= target : median(ratios) <= target),
    higherIsBetter,
  };
}

/** A row without a peer, of what each round has shown. Its ratio is its value. `what` says more than the unit. */
export function figure({ id, unit, what = unit, target = null, seen }) {
  const ours = median(seen);
  return {
    id,
    peer: `none (${what})`,
    ratio: round3(ours),
    target,
    rounds: seen.length,
    spread: [round3(Math.min(...seen)), round3(Math.max(...seen))],
    unit,
    ours: round3(ours),
    met: target === null || ours <= target,
  };
}

/** The least value that so great a share of the values does not exceed. */
export function percentile(values, share) {
  return [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1];
}

export const round3 = (value) => Number(value.toPrecision(3));
