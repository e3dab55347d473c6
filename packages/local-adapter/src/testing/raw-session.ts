import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  type DivertStream,
  type InterceptRecord,
  type InterceptRegistry,
  type InterceptSpec,
  type SessionHello,
  type TunnelTransport,
  wireVersion,
} from '@fairlead/core';
import { sessionFingerprint } from '@fairlead/relay';
import { TunnelSession } from '@fairlead/tunnel';
import { until } from './until.ts';

/** Often enough for the short leases of tests. */
const beatMs = 200;

/** A session without the SDK: answers every diverted request with `text`. */
export class RawSession implements AsyncDisposable {
  readonly registry: InterceptRegistry;
  readonly id: string = randomBytes(6).toString('hex');
  /** The containers' ports that requests were diverted from. */
  readonly diverted: DivertStream[] = [];
  readonly #key = randomBytes(12).toString('hex');
  readonly #tunnel: TunnelSession;

  private constructor(registry: InterceptRegistry, duplex: Duplex, text: string) {
    this.registry = registry;
    const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
    this.#tunnel = new TunnelSession(duplex, {
      role: 'dialer',
      onStream: (incoming) => {
        this.diverted.push(JSON.parse(Buffer.from(incoming.metadata).toString()) as DivertStream);
        const stream = incoming.accept();
        let request = '';
        stream.on('error', () => {});
        stream.on('data', (chunk: Buffer) => {
          request += chunk.toString('latin1');
          for (let end = request.indexOf('\r\n\r\n'); end >= 0; end = request.indexOf('\r\n\r\n')) {
            request = request.slice(end + 4);
            stream.write(answer);
          }
        });
        stream.on('end', () => stream.end());
      },
    });
  }

  /** Connects to the relay and says hello. */
  static async open(transport: TunnelTransport, registry: InterceptRegistry, text: string): Promise<RawSession> {
    const session = new RawSession(registry, (await transport.dial()) as unknown as Duplex, text);
    const hello: SessionHello = { kind: 'session', v: wireVersion, id: session.id, key: session.#key, version: 'test' };
    const control = session.#tunnel.open(Buffer.from(JSON.stringify(hello)));
    control.on('error', () => {});
    control.resume();
    await control.accepted;
    const beat = setInterval(() => control.write('{"type":"beat"}\n'), beatMs);
    void session.#tunnel.closed.then(() => clearInterval(beat));
    return session;
  }

  /** Creates an intercept and waits until it is active. Fails with the error that it ends with. */
  async intercept(namespace: string, name: string, spec: Omit<InterceptSpec, 'mode'>): Promise<void> {
    await this.registry.create({
      namespace,
      name,
      spec: { mode: 'intercept', ...spec },
      session: { id: this.id, fingerprint: sessionFingerprint(this.#key), label: 'test' },
    });
    let record: InterceptRecord | undefined;
    await until(
      async () => {
        record = await this.registry.read(namespace, name);
        const { phase, error } = record?.status ?? {};
        if (phase === 'refused' || phase === 'failed') throw new Error(`${phase}: ${error?.code} ${error?.message}`);
        return phase === 'active';
      },
      () => `intercept ${name} is active, not ${JSON.stringify(record?.status)}`,
      20_000,
    );
  }

  /** Ends an intercept and waits until it is gone. */
  async leave(namespace: string, name: string): Promise<void> {
    await this.registry.delete(namespace, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tunnel.close();
  }
}
