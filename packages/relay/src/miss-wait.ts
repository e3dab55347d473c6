import { type FromMissWatch, sameWorkload, type ToMissWatch, type WorkloadKey } from '@fairlead/core';
import type { TunnelStream } from '@fairlead/tunnel';
import type { AgentPeer } from './agent-peer.ts';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import { writeMetadata } from './stream-metadata.ts';

/** The longest line of either side, in bytes. */
const maxLineBytes = 64 * 1024;

/** What a {@link MissWait} is made of. */
export interface MissWaitParts {
  readonly intercept: string;
  readonly workload: WorkloadKey;
  /** Whose wait it is: closing it ends the wait. */
  readonly session: TunnelStream;
}

/** A session that waits for requests of one intercept, joined with every agent that may see some. */
export class MissWait {
  readonly #parts: MissWaitParts;
  readonly #agents = new Set<TunnelStream>();
  #isOver = false;

  constructor(parts: MissWaitParts) {
    this.#parts = parts;
  }

  /** Lets an agent watch too, when it is of the intercept's workload. One that cannot is left out. */
  join({ agent, tunnel }: AgentPeer): void {
    const { intercept, workload } = this.#parts;
    if (this.#isOver || !sameWorkload(agent.workload, workload)) return;
    let stream: TunnelStream;
    try {
      stream = tunnel.open(writeMetadata({ kind: 'misses', intercept }));
    } catch {
      // Its tunnel is just going away.
      return;
    }
    stream.on('error', () => {});
    stream.accepted.catch(() => {});
    this.#agents.add(stream);
    void this.#pass(stream).finally(() => this.#agents.delete(stream));
  }

  /** Passes the session's questions on until it stops asking. Never rejects. */
  async run(): Promise<void> {
    const { session } = this.#parts;
    try {
      for await (const line of readJsonLines(session, maxLineBytes)) {
        const { type, id } = line as ToMissWatch;
        if (type !== 'report' || typeof id !== 'number') break;
        this.#tell({ type: 'asked', id, agents: this.#agents.size });
        for (const agent of this.#agents) writeJsonLine(agent, { type, id } satisfies ToMissWatch);
      }
    } catch {
      // The session is gone, or does not keep to the rules: either way nobody waits.
    }
    this.#isOver = true;
    for (const agent of this.#agents) agent.destroy();
    session.destroy();
  }

  async #pass(agent: TunnelStream): Promise<void> {
    try {
      for await (const line of readJsonLines(agent, maxLineBytes)) this.#tell(line as FromMissWatch);
    } catch {
      // The agent refused, as those of an earlier version do, or is gone: the others may know more.
    }
    agent.destroy();
  }

  /** A session that does not read is told nothing more. */
  #tell(message: FromMissWatch): void {
    const { session } = this.#parts;
    if (session.writable && !session.writableNeedDrain) writeJsonLine(session, message);
  }
}
