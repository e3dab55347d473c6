/**
 * Loaded into every Node process of a pod (`--import`). Gives it, as far as a process can, the network that a pod has:
 * names of Services, an address of its own for servers that ask for all addresses or for localhost, and the pod's ports
 * where they had to be bound under other numbers. Loading it changes nothing outside an embedded cluster.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { lookUp, networkVariable, type ProcessNetwork } from './name-table.ts';
import { patchDatagrams } from './patch-datagrams.ts';
import { allAddresses, isOfPod, ownHosts, readNames, realPort } from './process-places.ts';

const written = process.env[networkVariable];
if (written !== undefined) join(JSON.parse(written) as ProcessNetwork);

function join(network: ProcessNetwork): void {
  patchListen(network);
  patchConnect(network);
  patchLookup(network);
  patchDatagrams(network);
  syncBuiltinESMExports();
}

interface ListenOptions {
  readonly port?: number | string;
  readonly host?: string | null | undefined;
  readonly path?: string | null;
  readonly fd?: number;
}

function patchListen(network: ProcessNetwork): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with the server as this
  const listen = net.Server.prototype.listen;
  const place = (options: ListenOptions): ListenOptions => {
    if (options.path || typeof options.fd === 'number' || options.port === undefined) return options;
    const isOurs = allAddresses.has(options.host) || isOfPod(network, options.host, options.port);
    const host = isOurs ? network.host : options.host;
    return { ...options, host, port: isOurs ? realPort(network, options.port) : options.port };
  };
  net.Server.prototype.listen = function patched(this: net.Server, ...args: unknown[]): net.Server {
    const [first, second] = args;
    if (typeof first === 'object' && first !== null && 'port' in first) {
      return apply(listen, this, [place(first as ListenOptions), ...args.slice(1)]);
    }
    const isPort = typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first));
    if (!isPort && first !== undefined && first !== null && typeof first !== 'function') {
      return apply(listen, this, args);
    }
    const callback = args.find((argument) => typeof argument === 'function');
    const hasHost = typeof second === 'string' || second === null || second === undefined;
    const numbers = args.slice(1).filter((argument) => typeof argument === 'number');
    const options = {
      ...place({ port: isPort ? first : 0, host: hasHost ? ((second as string | null) ?? undefined) : undefined }),
      ...(numbers.length > 0 && { backlog: numbers[0] }),
    };
    return apply(listen, this, callback ? [options, callback] : [options]);
  } as typeof listen;
}

interface ConnectOptions {
  readonly host?: string | null | undefined;
  readonly port?: number | string;
  readonly path?: string | null;
  readonly localAddress?: string;
}

function patchConnect(network: ProcessNetwork): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with the socket as this
  const connect = net.Socket.prototype.connect;
  const lead = (options: ConnectOptions): ConnectOptions => {
    if (options.path || options.port === undefined) return options;
    if (!options.host) return lead({ ...options, host: 'localhost' });
    const port = Number(options.port);
    if (isOfPod(network, options.host, port)) return { ...options, host: network.host, port: realPort(network, port) };
    if (network.source !== undefined && ownHosts.has(options.host)) return { ...options, localAddress: network.source };
    if (net.isIP(options.host) !== 0) return options;
    return { ...options, ...lookUp(readNames(network), options.host, port) };
  };
  net.Socket.prototype.connect = function patched(this: net.Socket, ...args: unknown[]): net.Socket {
    const [first, second] = args;
    if (Array.isArray(first)) {
      // What net.connect made of its arguments: options and callback, with a mark on the array that must stay.
      first[0] = lead(first[0] as ConnectOptions);
      return apply(connect, this, args);
    }
    if (typeof first === 'object' && first !== null) {
      return apply(connect, this, [lead(first as ConnectOptions), ...args.slice(1)]);
    }
    const isPort = typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first));
    if (!isPort || typeof second !== 'string') return apply(connect, this, args);
    return apply(connect, this, [lead({ port: first, host: second }), ...args.slice(2)]);
  } as typeof connect;
}

type LookupCallback = (error: Error | null, address: unknown, family?: number) => void;

function patchLookup(network: ProcessNetwork): void {
  const { lookup } = dns;
  const promised = dns.promises.lookup;
  const find = (name: unknown): { readonly address: string; readonly family: number } | undefined => {
    const place = typeof name === 'string' && net.isIP(name) === 0 ? lookUp(readNames(network), name, 0) : undefined;
    return place && { address: place.host, family: 4 };
  };
  const wantsAll = (options: unknown): boolean => (options as { all?: boolean } | null | undefined)?.all === true;
  dns.lookup = function patched(this: unknown, ...args: unknown[]): void {
    const found = find(args[0]);
    const callback = args.at(-1);
    if (found === undefined || typeof callback !== 'function') {
      apply(lookup, this, args);
      return;
    }
    const tell = callback as LookupCallback;
    process.nextTick(() => (wantsAll(args[1]) ? tell(null, [found]) : tell(null, found.address, found.family)));
  } as typeof lookup;
  dns.promises.lookup = async function patched(this: unknown, ...args: unknown[]): Promise<unknown> {
    const found = find(args[0]);
    if (found === undefined) return apply(promised, this, args);
    return wantsAll(args[1]) ? [found] : found;
  } as typeof promised;
}

// The built-ins are overloaded beyond what their types let one pass on.
function apply<Result>(target: (...args: never[]) => Result, self: unknown, args: readonly unknown[]): Result {
  return Reflect.apply(target, self, args);
}
