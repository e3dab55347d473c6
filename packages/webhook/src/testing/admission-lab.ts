import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request as send } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { type Clock, createSystemClock, MemoryLogger, MemoryMetrics } from '@fairlead/core';
import { type AdmissionServer, listenAdmission } from '../admission/admission-server.ts';
import type { AdmissionServerOptions, AdmissionServerParts } from '../admission/admission-server-options.ts';
import type { CertificateSource } from '../certificates/certificate-source.ts';
import { HotReloadingTls } from '../certificates/hot-reloading-tls.ts';
import { openMadeCertificates } from '../certificates/made-certificates.ts';
import { MemoryCertificateStore } from '../certificates/memory-certificate-store.ts';
import { type AdmissionWorld, aWorld } from './admission-fixtures.ts';

/** The host's clock. */
export const systemClock: Clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });

/** The name that the server has in the cluster. */
export const serverName = 'fairlead-manager.fairlead.svc';

/** An operator's token. */
export const operatorToken = 'operator-token-of-32-characters!';

/** What came back. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What to send. */
export interface Sending {
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: one that keeps no connection. */
  readonly agent?: Agent;
}

/** A server with real certificates on a loopback port, and clients that trust it. */
export class AdmissionLab implements AsyncDisposable {
  readonly server: AdmissionServer;
  readonly tls: HotReloadingTls;
  readonly logger: MemoryLogger;
  readonly metrics: MemoryMetrics;
  readonly world: AdmissionWorld;
  readonly #ca: string;
  readonly #agents: Agent[] = [];

  constructor(
    server: AdmissionServer,
    parts: AdmissionServerParts & { readonly logger: MemoryLogger; readonly metrics: MemoryMetrics },
    world: AdmissionWorld,
    ca: string,
  ) {
    this.server = server;
    this.tls = parts.tls;
    this.logger = parts.logger;
    this.metrics = parts.metrics;
    this.world = world;
    this.#ca = ca;
  }

  /** An agent that keeps its connections, and trusts this bundle (default: the one at the start). */
  agent(ca: string = this.#ca, maxSockets = 1): Agent {
    const agent = new Agent({ keepAlive: true, maxSockets, ca, servername: serverName });
    this.#agents.push(agent);
    return agent;
  }

  /** Sends a request and waits for the whole answer. */
  send(path: string, { method = 'POST', body, headers = {}, agent }: Sending = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: this.server.port,
        path,
        method,
        headers: { 'content-type': 'application/json', ...headers },
        agent: agent ?? false,
        ca: this.#ca,
        servername: serverName,
      };
      const request = send(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const { statusCode = 0, headers: received } = response;
          resolve({ status: statusCode, headers: received, body: Buffer.concat(chunks).toString() });
        });
      });
      request.once('error', reject);
      request.end(body);
    });
  }

  /** Posts a value as JSON. */
  post(path: string, value: unknown, sending: Sending = {}): Promise<Reply> {
    return this.send(path, { ...sending, body: JSON.stringify(value) });
  }

  /** A TLS connection to write raw bytes to. */
  connect(): TLSSocket {
    return connect({ host: '127.0.0.1', port: this.server.port, ca: this.#ca, servername: serverName });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.#agents) agent.destroy();
    await this.server.close({ drainMs: 0 });
  }
}

const unreferencedClock = createSystemClock({
  now: Date.now,
  setTimeout: (action, ms) => setTimeout(() => action(), ms).unref(),
  clearTimeout,
});

let made: Promise<CertificateSource> | undefined;

/** Certificates for all labs of a test file: making them takes a tenth of a second. */
async function certificates(): Promise<CertificateSource> {
  made ??= openMadeCertificates({
    store: new MemoryCertificateStore(),
    clock: unreferencedClock,
    dnsNames: [serverName],
  });
  return await made;
}

/** Puts up a lab. Parts and options as given, the rest as in a manager where everything is in order. */
export async function anAdmissionLab(
  parts: Partial<AdmissionServerParts> = {},
  options: AdmissionServerOptions = {},
): Promise<AdmissionLab> {
  const source = await certificates();
  const world = { ...aWorld(), clock: systemClock } as AdmissionWorld;
  const own = { logger: new MemoryLogger(), metrics: new MemoryMetrics(), tls: new HotReloadingTls(source.current) };
  const all = {
    pods: world,
    intercepts: { managerUser: 'system:serviceaccount:fairlead:fairlead-manager' },
    hooks: { uninstall: async () => {}, upgrade: async () => {} },
    identifyOperator: async (token: string) => (token === operatorToken ? { user: 'operator', groups: [] } : undefined),
    clock: systemClock,
    ...parts,
    ...own,
  };
  const server = await listenAdmission(all, { host: '127.0.0.1', port: 0, ...options });
  return new AdmissionLab(server, all, world, source.caBundle());
}
