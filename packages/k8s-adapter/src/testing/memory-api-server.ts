import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { applyJsonPatch } from '@fairlead/core/conformance';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { ObjectStore, type StoreChange, type StoredObject } from './object-store.ts';
import { type Selectors, selects } from './selectors.ts';

/** A request as it came in. */
export interface ReceivedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}

/** An answer that a test gives in the server's place. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Target {
  readonly resource: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/**
 * An API server on the loopback, in memory: objects of every kind with revisions, conditional writes, patches, selectors,
 * pages, watches with history, and the faults that real ones have. It knows no schema and nobody's rights.
 */
export class MemoryApiServer implements AsyncDisposable {
  readonly store: ObjectStore = new ObjectStore();
  /** Every request, oldest first. */
  readonly requests: ReceivedRequest[] = [];
  /** Asked first about every request; what it returns is the answer. */
  answer: ((request: ReceivedRequest) => Answer | undefined) | undefined;
  /** Takes over connections that want another protocol. Default: they are closed. */
  onUpgrade: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined;
  readonly #server: Server;
  readonly #watches = new Set<ServerResponse>();
  readonly #upgraded = new Set<Duplex>();
  /** Connections accepted so far. */
  connections = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: Error) => fail(response, 500, 'InternalError', error.message));
    });
    this.#server.on('upgrade', (request, socket, head) => {
      this.#upgraded.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#upgraded.delete(socket));
      if (this.onUpgrade) this.onUpgrade(request, socket, head);
      else socket.destroy();
    });
    this.#server.on('connection', () => {
      this.connections++;
    });
  }

  /** Listens on the loopback. */
  static async start(port = 0): Promise<MemoryApiServer> {
    const server = new MemoryApiServer();
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(port, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Watches that are open. */
  get watches(): number {
    return this.#watches.size;
  }

  /** Breaks every open watch, in the middle. */
  dropWatches(): void {
    for (const response of this.#watches) response.destroy();
  }

  /** Ends every open watch as the server does when its time is up. */
  endWatches(): void {
    for (const response of this.#watches) response.end();
  }

  /** Sends every watch a bookmark. */
  bookmark(): void {
    const object = { metadata: { resourceVersion: String(this.store.revision) } };
    for (const response of this.#watches) response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  /** The requests of a method whose path ends so. */
  received(method: string, ending: string): readonly ReceivedRequest[] {
    return this.requests.filter((request) => request.method === method && request.path.endsWith(ending));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
    await closed;
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await receive(message);
    this.requests.push(request);
    const answer = this.answer?.(request);
    if (answer) {
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
      return;
    }
    if (request.path === '/version') return ok(response, { major: '1', minor: '20', gitVersion: 'v1.20.2' });
    const target = targetOf(request.path);
    if (!target) return fail(response, 404, 'NotFound', 'the server could not find the requested resource');
    if (request.query.get('watch') === '1') return this.#watch(request, target, response);
    if (target.name === undefined) {
      if (request.method === 'GET') return this.#list(request, target, response);
      return this.#create(request, target, response);
    }
    const found = this.store.get(target.resource, target.namespace, target.name);
    if (!found) return fail(response, 404, 'NotFound', `${target.plural} "${target.name}" not found`);
    switch (request.method) {
      case 'GET':
        return ok(response, found);
      case 'POST':
        return this.#evict(target, found, response);
      case 'PUT':
        return this.#write(request.body as StoredObject, target, found, response);
      case 'PATCH':
        return this.#write(patched(found, request), target, found, response);
      default:
        return this.#delete(request, target, found, response);
    }
  }

  #list(request: ReceivedRequest, target: Target, response: ServerResponse): void {
    const objects = this.store.all(target.resource).filter((object) => selects(selectorsOf(request, target), object));
    const from = Number(request.query.get('continue') ?? 0);
    const limit = Number(request.query.get('limit') ?? objects.length) || objects.length;
    const token = from + limit < objects.length ? String(from + limit) : undefined;
    const metadata = { resourceVersion: String(this.store.revision), ...(token && { continue: token }) };
    ok(response, { metadata, items: objects.slice(from, from + limit) });
  }

  #create(request: ReceivedRequest, target: Target, response: ServerResponse): void {
    const object = request.body as KubernetesObject & { status?: unknown };
    const { name } = object.metadata;
    if (name !== undefined && this.store.get(target.resource, target.namespace, name)) {
      fail(response, 409, 'AlreadyExists', `${target.plural} "${name}" already exists`);
      return;
    }
    const { status: _, ...bare } = object;
    const wanted = target.plural === 'intercepts' ? bare : object;
    if (request.query.get('dryRun') === 'All') {
      ok(response, wanted, 201);
      return;
    }
    ok(
      response,
      this.store.add(target.resource, { ...wanted, metadata: { ...object.metadata, ...spaced(target) } }),
      201,
    );
  }

  #write(object: StoredObject, target: Target, found: StoredObject, response: ServerResponse): void {
    const { resourceVersion, uid } = object.metadata;
    const isStale = resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion;
    if (isStale || (uid !== undefined && uid !== found.metadata.uid)) {
      fail(response, 409, 'Conflict', 'the object has been modified; apply your changes to the latest version');
      return;
    }
    const status = target.subresource === 'status' ? object.status : found.status;
    const wanted = target.subresource === 'status' ? { ...found, status } : object;
    ok(
      response,
      this.store.put(target.resource, found, target.plural === 'intercepts' ? { ...wanted, status } : wanted),
    );
  }

  #delete(request: ReceivedRequest, target: Target, found: StoredObject, response: ServerResponse): void {
    const { preconditions } = (request.body ?? {}) as { preconditions?: { uid?: string; resourceVersion?: string } };
    const { uid = found.metadata.uid, resourceVersion = found.metadata.resourceVersion } = preconditions ?? {};
    if (uid !== found.metadata.uid || resourceVersion !== found.metadata.resourceVersion) {
      fail(response, 409, 'Conflict', 'the precondition does not hold');
      return;
    }
    this.store.remove(target.resource, found);
    ok(response, { kind: 'Status', status: 'Success' });
  }

  #evict(target: Target, found: StoredObject, response: ServerResponse): void {
    this.store.remove(target.resource, found);
    ok(response, { kind: 'Status', status: 'Success' }, 201);
  }

  async #watch(request: ReceivedRequest, target: Target, response: ServerResponse): Promise<void> {
    const from = Number(request.query.get('resourceVersion') ?? 0);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from < this.store.forgotten) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: `too old resource version: ${from}` };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    const selectors = selectorsOf(request, target);
    const tell = (change: StoreChange): void => {
      const event = change.resource === target.resource ? eventOf(change, selectors) : undefined;
      if (event) response.write(`${JSON.stringify(event)}\n`);
      return;
    };
    for (const change of this.store.since(from)) tell(change);
    const subscription = this.store.subscribe(tell);
    this.#watches.add(response);
    response.once('close', () => {
      subscription[Symbol.dispose]();
      this.#watches.delete(response);
    });
    await setImmediate();
  }
}

async function receive(message: IncomingMessage): Promise<ReceivedRequest> {
  let text = '';
  for await (const chunk of message as AsyncIterable<Buffer>) text += chunk.toString('utf8');
  const { pathname, searchParams } = new URL(message.url ?? '/', 'http://server');
  const { method = 'GET', headers } = message;
  return { method, path: pathname, query: searchParams, headers, body: text === '' ? undefined : JSON.parse(text) };
}

function targetOf(path: string): Target | undefined {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const root = parts[0] === 'api' ? parts.splice(0, 2).slice(1) : parts.splice(0, 3).slice(1);
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts.splice(0, 2)[1] : undefined;
  const [plural, name, subresource] = parts;
  return plural === undefined
    ? undefined
    : { resource: [...root, plural].join('/'), plural, namespace, name, subresource };
}

function selectorsOf({ query }: ReceivedRequest, { namespace }: Target): Selectors {
  return { namespace, labelSelector: query.get('labelSelector'), fieldSelector: query.get('fieldSelector') };
}

function eventOf(
  { before, after }: StoreChange,
  selectors: Selectors,
): { type: string; object: StoredObject } | undefined {
  const was = before && selects(selectors, before);
  if (after && selects(selectors, after)) return { type: was ? 'MODIFIED' : 'ADDED', object: after };
  return was ? { type: 'DELETED', object: after ?? before } : undefined;
}

function patched(found: StoredObject, { body, headers }: ReceivedRequest): StoredObject {
  const { resourceVersion: _, ...metadata } = found.metadata;
  const base = { ...found, metadata };
  const isJson = headers['content-type'] === 'application/json-patch+json';
  return (isJson ? applyJsonPatch(found, body as never) : mergePatch(base, body)) as StoredObject;
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = { ...(target as object) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

function spaced({ namespace }: Target): { namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

function ok(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function fail(response: ServerResponse, code: number, reason: string, message: string): void {
  ok(response, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }, code);
}
