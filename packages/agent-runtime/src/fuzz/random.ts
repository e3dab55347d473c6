/** A sequence of numbers that looks random and is the same for the same seed, so that a failure can be repeated. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to below `most`. */
  below(most: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * most) | 0;
  }

  /** One of these. */
  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** True once in so many times. */
  onceIn(times: number): boolean {
    return this.below(times) === 0;
  }
}

/** Some bytes of a text changed, taken out, put in or swapped. */
export function mutated(random: Random, bytes: Buffer, odd: readonly Buffer[]): Buffer {
  let result = Buffer.from(bytes);
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const at = random.below(result.length + 1);
    const end = Math.min(result.length, at + 1 + random.below(6));
    const rest = result.subarray(end);
    switch (random.below(4)) {
      case 0:
        if (at < result.length) result[at] = random.below(256);
        break;
      case 1:
        result = Buffer.concat([result.subarray(0, at), rest]);
        break;
      case 2:
        result = Buffer.concat([result.subarray(0, at), random.of(odd), result.subarray(at)]);
        break;
      default:
        result = Buffer.concat([result.subarray(0, at), random.of(odd), rest]);
    }
  }
  return result;
}

/** `FUZZ=full` takes the large number, everything else the small one. */
export function rounds(few: number, many: number): number {
  return process.env.FUZZ === 'full' ? many : few;
}

/** A name for the request of that number in the sequence of that seed, which no mutation turns into another one's. */
export function nameOf(seed: number, number: number): string {
  const random = new Random(Math.imul(seed, 65_537) + number);
  return `r${Array.from({ length: 16 }, () => random.below(16).toString(16)).join('')}-`;
}

/** The names in a text. */
export function namesIn(text: string): readonly string[] {
  return text.match(/r[0-9a-f]{16}-/g) ?? [];
}
