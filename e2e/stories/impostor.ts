import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type AgentHello, type PassthroughStream, type SessionHello, wireVersion } from '@fairlead/core';
import { connectKubernetes, type KubernetesConnection, PortForwardTunnelTransport } from '@fairlead/k8s-adapter';
import { TunnelSession } from '@fairlead/tunnel';
import type { InstalledShop } from '../manager/installed-shop.ts';
import type { Person } from './person.ts';

const bytesOf = (value: AgentHello | SessionHello | PassthroughStream): Buffer => Buffer.from(JSON.stringify(value));

/** Somebody who speaks the wire by hand, with the session id of somebody else. */
export class Impostor implements AsyncDisposable {
  readonly fingerprint: string;
  /** Streams that the relay offered. */
  offered = 0;
  readonly #connection: KubernetesConnection;
  readonly #transport: PortForwardTunnelTransport;
  readonly #tunnel: TunnelSession;

  private constructor(
    fingerprint: string,
    connection: KubernetesConnection,
    transport: PortForwardTunnelTransport,
    wire: Duplex,
  ) {
    this.fingerprint = fingerprint;
    this.#connection = connection;
    this.#transport = transport;
    this.#tunnel = new TunnelSession(wire, {
      role: 'dialer',
      onStream: (incoming) => {
        this.offered += 1;
        incoming.refuse();
      },
    });
  }

  /** Reaches the relay as `person` and says that it is the session `id`. */
  static async connect(person: Person, id: string): Promise<Impostor> {
    const connection = await connectKubernetes({ kubeconfig: person.kubeconfig });
    const transport = new PortForwardTunnelTransport(connection);
    const key = randomBytes(32).toString('base64url');
    const fingerprint = createHash('sha256').update(key).digest('hex');
    const impostor = new Impostor(fingerprint, connection, transport, (await transport.dial()) as Duplex);
    const hello: SessionHello = { kind: 'session', v: wireVersion, id, key, version: '0.0.0' };
    const control = impostor.#tunnel.open(bytesOf(hello));
    control.on('error', () => {});
    await control.accepted;
    return impostor;
  }

  /** Asks for the app behind somebody's intercept, through whatever agent. Rejects with the relay's words. */
  async askTheApp(intercept: string): Promise<void> {
    const metadata = { kind: 'passthrough', intercept, agent: 'any', containerPort: 8080 } as const;
    const stream = this.#tunnel.open(bytesOf(metadata));
    stream.on('error', () => {});
    await stream.accepted;
  }

  /** Says that it is the traffic-agent of a real pod, without that pod's token. Rejects with the relay's words. */
  async pretendToBeAnAgent(shop: InstalledShop, name: string): Promise<void> {
    const [pod] = await shop.serving(name);
    const wire = (await this.#transport.dial()) as Duplex;
    const tunnel = new TunnelSession(wire, { role: 'dialer' });
    const control = tunnel.open(
      bytesOf({
        kind: 'agent',
        v: wireVersion,
        workload: { namespace: shop.namespace, kind: 'Deployment', name },
        pod: { name: pod?.metadata.name ?? '', uid: pod?.metadata.uid ?? '' },
        configHash: '0'.repeat(16),
        version: '0.0.0',
        token: 'guessed',
      }),
    );
    control.on('error', () => {});
    try {
      await control.accepted;
    } finally {
      await tunnel.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tunnel.close();
    await this.#connection[Symbol.asyncDispose]();
  }
}
