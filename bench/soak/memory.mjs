import { readdirSync, readFileSync } from 'node:fs';
import { median } from '../measure.mjs';
import { rssMegabytes } from '../processes.mjs';

/** How much the second half of a run may need more than the second quarter, in MB: noise, and pages not given back. */
const allowedMegabytes = 6;

/** The processes below this one that run the traffic-agent. */
function agents(parent = process.pid) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return (
          readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(parent) &&
          /agent\.\w+/.test(words)
        );
      } catch {
        return false;
      }
    });
}

/** Samples of what the agents and this process (relay, control plane, session) hold. */
export class MemoryLog {
  #samples = [];

  /**
   * Takes a sample; the garbage of this process is collected before, twice: what a collection frees outside of the heap is only
   * counted as free by the next, and until then up to 40 MB of it hide what is held.
   */
  sample() {
    globalThis.gc?.();
    globalThis.gc?.();
    const found = agents();
    if (found.length === 0) throw new Error('there are no traffic-agents');
    const { heapUsed, external } = process.memoryUsage();
    this.#samples.push({ agents: Math.max(...found.map(rssMegabytes)), process: (heapUsed + external) / 1e6 });
  }

  /** For each: the medians of the second quarter and of the second half, and whether it is flat. */
  report() {
    const { length } = this.#samples;
    const early = this.#samples.slice(Math.floor(length / 4), Math.floor(length / 2));
    const late = this.#samples.slice(Math.floor(length / 2));
    return ['agents', 'process'].map((what) => {
      const before = median(early.map((sample) => sample[what]));
      const after = median(late.map((sample) => sample[what]));
      return { what, before, after, isFlat: after <= before * 1.1 + allowedMegabytes };
    });
  }
}
