import { readdirSync, readFileSync } from 'node:fs';
import { percentile } from '../measure.mjs';
import { rssMegabytes } from '../processes.mjs';

/** How much the second half of a run may need more than the second quarter, in MB: noise, and pages not given back. */
const allowedMegabytes = 6;

/**
 * Below what so great a share of the samples is: what is held. In the others lies besides what was under way just then, and what of it
 * the collector has not told the engine about yet, up to 25 MB in this process.
 */
const heldShare = 0.25;

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

  /** Takes a sample; the garbage of this process is collected before. */
  sample() {
    globalThis.gc?.();
    const found = agents();
    if (found.length === 0) throw new Error('there are no traffic-agents');
    const { heapUsed, external } = process.memoryUsage();
    this.#samples.push({ agents: Math.max(...found.map(rssMegabytes)), process: (heapUsed + external) / 1e6 });
  }

  /** For each: what was held in the second quarter and in the second half, and whether it is flat. */
  report() {
    const { length } = this.#samples;
    const early = this.#samples.slice(Math.floor(length / 4), Math.floor(length / 2));
    const late = this.#samples.slice(Math.floor(length / 2));
    return ['agents', 'process'].map((what) => {
      const held = (samples) =>
        percentile(
          samples.map((sample) => sample[what]),
          heldShare,
        );
      const [before, after] = [held(early), held(late)];
      return { what, before, after, isFlat: after <= before * 1.1 + allowedMegabytes };
    });
  }
}
