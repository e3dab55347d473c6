import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  abortable,
  type CallOptions,
  type Clock,
  FairleadError,
  type SessionHello,
  type TunnelTransport,
  wireVersion,
} from '@fairlead/core';
import { CallClient } from '@fairlead/relay';
import { TunnelSession } from '@fairlead/tunnel';

const helloTimeoutMs = 10_000;

/** What a {@link RemoteConnection} is made of. */
export interface RemoteConnectionParts {
  readonly transport: TunnelTransport<Socket>;
  /** Proves to be the cluster's user. A secret. */
  readonly token: string;
  readonly clock: Clock;
}

/** A connection to a cluster that runs in another process, over which its ports are called. */
export class RemoteConnection implements AsyncDisposable {
  readonly caller: CallClient;
  readonly #tunnel: TunnelSession;

  private constructor(tunnel: TunnelSession, clock: Clock) {
    this.#tunnel = tunnel;
    this.caller = new CallClient({ tunnel: () => tunnel, clock });
  }

  /** Connects. Fails with `unreachable`, `forbidden` or `version-skew`. */
  static async open(parts: RemoteConnectionParts, options: CallOptions = {}): Promise<RemoteConnection> {
    const tunnel = new TunnelSession(await parts.transport.dial(options), { role: 'dialer' });
    const hello: SessionHello = {
      kind: 'session',
      v: wireVersion,
      id: randomBytes(8).toString('hex'),
      key: parts.token,
      version: 'local',
    };
    const limit = AbortSignal.timeout(helloTimeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
    try {
      const control = tunnel.open(Buffer.from(JSON.stringify(hello)));
      control.on('error', () => {});
      control.resume();
      await abortable(control.accepted, { signal });
      return new RemoteConnection(tunnel, parts.clock);
    } catch (cause) {
      await tunnel.close();
      options.signal?.throwIfAborted();
      throw FairleadError.from(cause, 'unreachable', 'the running cluster does not let this process in');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tunnel.close();
  }
}
