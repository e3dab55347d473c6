import {
  type AgentAssignment,
  type AgentHello,
  type Clock,
  FairleadError,
  type FromAgent,
  type Logger,
  wireVersion,
} from '@fairlead/core';
import { type IncomingStream, TunnelError, TunnelSession, type TunnelStream } from '@fairlead/tunnel';
import type { AgentSettings } from '../settings/agent-settings.ts';
import { agentVersion } from '../version.ts';
import { readControlLines } from './control-lines.ts';
import { dialRelay } from './dial-relay.ts';
import type { TunnelDiverter } from './tunnel-diverter.ts';

/** What an {@link AgentLink} works with. */
export interface AgentLinkParts {
  readonly settings: AgentSettings;
  readonly diverter: TunnelDiverter;
  /** Makes the assignment hold; resolves when it does. */
  readonly apply: (assignment: AgentAssignment) => Promise<void>;
  /** Takes every intercept off: nobody is there who could be asked. */
  readonly withdraw: () => Promise<void>;
  /** A stream that the relay opened. */
  readonly onStream: (incoming: IncomingStream) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const helloMs = 10_000;
const backOff = { firstMs: 100, mostMs: 5_000 };
/** A link that held this long starts with a short pause again. */
const settledMs = 30_000;

/** The agent's way to the relay: one tunnel after the other, and meanwhile the app answers everything. */
export class AgentLink {
  readonly #parts: AgentLinkParts;

  constructor(parts: AgentLinkParts) {
    this.#parts = parts;
  }

  /** Keeps a tunnel up until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts;
    let pauseMs = backOff.firstMs;
    while (!signal.aborted) {
      const began = clock.now();
      try {
        await this.#serveOnce(signal);
      } catch (thrown) {
        if (signal.aborted) break;
        const isSkew = thrown instanceof TunnelError && thrown.code === 'version-mismatch';
        const { code, message } = FairleadError.from(thrown, isSkew ? 'version-skew' : 'connection-lost');
        logger.warn({ code, cause: message, retryMs: pauseMs }, 'no way to the relay; the app answers everything');
      }
      if (clock.now() - began > settledMs) pauseMs = backOff.firstMs;
      // Jitter keeps a thousand agents of a restarted manager from coming all at once.
      await clock.sleep(pauseMs * (0.5 + Math.random()), { signal }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, backOff.mostMs);
    }
  }

  /** One tunnel from dialling to its end. */
  async #serveOnce(signal: AbortSignal): Promise<void> {
    const { diverter, onStream, withdraw, clock, logger, settings } = this.#parts;
    const socket = await dialRelay(settings, clock, signal);
    const tunnel = new TunnelSession(socket, { role: 'dialer', onStream, signal });
    try {
      const control = await this.#introduce(tunnel);
      diverter.tunnel = tunnel;
      logger.info({ relay: `${settings.config.managerHost}:${settings.config.managerPort}` }, 'linked to the relay');
      for await (const { assignment } of readControlLines(control)) await this.#assigned(assignment, control);
    } finally {
      diverter.tunnel = undefined;
      await withdraw();
      await tunnel.close();
    }
    throw new FairleadError('connection-lost', 'the relay ended the link', { phase: 'tunnel' });
  }

  /** Says who this is, and waits to be believed. */
  async #introduce(tunnel: TunnelSession): Promise<TunnelStream> {
    const { clock, settings } = this.#parts;
    const { config, pod, readToken } = settings;
    const hello: AgentHello = {
      kind: 'agent',
      v: wireVersion,
      workload: { namespace: config.namespace, kind: config.workloadKind, name: config.workloadName },
      pod: { name: pod.name, uid: pod.uid },
      configHash: config.hash,
      version: agentVersion,
      token: await readToken(),
    };
    const control = tunnel.open(Buffer.from(JSON.stringify(hello)));
    control.on('error', () => {});
    using _limit = clock.after(helloMs, () => void tunnel.close(`not let in within ${helloMs} ms`));
    await control.accepted;
    return control;
  }

  async #assigned(assignment: AgentAssignment, control: TunnelStream): Promise<void> {
    const { logger } = this.#parts;
    const { epoch } = assignment;
    const answer = (message: FromAgent): void => void control.write(`${JSON.stringify(message)}\n`);
    try {
      await this.#parts.apply(assignment);
      logger.info({ epoch, ports: summary(assignment) }, 'serving an assignment');
      answer({ type: 'ack', epoch });
    } catch (thrown) {
      const error = FairleadError.from(thrown).serialize();
      logger.warn({ epoch, error }, 'an assignment cannot be served');
      answer({ type: 'nack', epoch, error });
    }
  }
}

function summary({ ports }: AgentAssignment): readonly string[] {
  return ports.map(({ agentPort, intercepts, wiretaps }) => {
    return `${agentPort}: ${[...intercepts, ...wiretaps].map(({ id }) => id).join(', ')}`;
  });
}
