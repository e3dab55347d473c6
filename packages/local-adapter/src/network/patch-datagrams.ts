import dgram from 'node:dgram';
import net from 'node:net';
import { lookUp, type ProcessNetwork } from './name-table.ts';
import type { SocketAddress } from './pod-network.ts';
import { allAddresses, isOfPod, readNames, realPort } from './process-places.ts';

interface BindOptions {
  readonly port?: number | string;
  readonly address?: string | null;
  readonly fd?: number;
}

/**
 * Gives UDP sockets of this process the network of its pod, as the preload does for TCP: servers for all addresses get the
 * pod's, and datagrams for names of the cluster and for the pod's own ports get where they are meant to.
 */
export function patchDatagrams(network: ProcessNetwork): void {
  patchBind(network);
  patchSend(network);
}

function patchBind(network: ProcessNetwork): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with the socket as this
  const bind = dgram.Socket.prototype.bind;
  dgram.Socket.prototype.bind = function patched(this: dgram.Socket, ...args: unknown[]): dgram.Socket {
    const [first, second] = args;
    const isOptions = typeof first === 'object' && first !== null;
    const address = typeof second === 'string' ? second : undefined;
    const asked: BindOptions = isOptions ? first : { port: first as number | string, ...(address && { address }) };
    // Without a port it is no server: whoever sends gets a free port by the same way.
    if (asked.fd !== undefined || !Number(asked.port)) return apply(bind, this, args);
    const port = asked.port as number | string;
    if (!allAddresses.has(asked.address) && !isOfPod(network, asked.address, port)) return apply(bind, this, args);
    const options = { ...asked, ...addressFor(this, { host: network.host, port: realPort(network, port) }) };
    const callback = args.find((argument) => typeof argument === 'function');
    return apply(bind, this, callback ? [options, callback] : [options]);
  } as typeof bind;
}

function patchSend(network: ProcessNetwork): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with the socket as this
  const { connect, send } = dgram.Socket.prototype;
  /** Arguments with a port at `at`, and perhaps an address behind it, led to where they are meant to. */
  const lead = (socket: dgram.Socket, args: unknown[], at: number): unknown[] => {
    const [port, address] = [args[at], args[at + 1]];
    if (typeof port !== 'number' && (typeof port !== 'string' || !/^\d+$/.test(port))) return args;
    const led = placeOf(network, typeof address === 'string' ? address : 'localhost', Number(port));
    if (!led) return args;
    const place = addressFor(socket, led);
    const isCallback = typeof address === 'function';
    return [...args.slice(0, at), place.port, place.address, ...args.slice(isCallback ? at + 1 : at + 2)];
  };
  dgram.Socket.prototype.connect = function patched(this: dgram.Socket, ...args: unknown[]): void {
    apply(connect, this, lead(this, args, 0));
  } as typeof connect;
  dgram.Socket.prototype.send = function patched(this: dgram.Socket, ...args: unknown[]): void {
    // Behind the message may be offset and length, which are numbers both.
    apply(send, this, lead(this, args, typeof args[2] === 'number' ? 3 : 1));
  } as typeof send;
}

/** Where a datagram goes; undefined: where its sender says. */
function placeOf(network: ProcessNetwork, host: string, port: number): SocketAddress | undefined {
  if (isOfPod(network, host, port)) return { host: network.host, port: realPort(network, port) };
  return net.isIP(host) === 0 ? lookUp(readNames(network), host, port) : undefined;
}

/** Sockets of IPv6 know IPv4 addresses by another spelling. */
function addressFor(socket: dgram.Socket, { host, port }: SocketAddress): { address: string; port: number } {
  const isIpv6 = (socket as dgram.Socket & { readonly type?: string }).type === 'udp6';
  return { address: isIpv6 && net.isIPv4(host) ? `::ffff:${host}` : host, port };
}

// The built-ins are overloaded beyond what their types let one pass on.
function apply<Result>(target: (...args: never[]) => Result, self: unknown, args: readonly unknown[]): Result {
  return Reflect.apply(target, self, args);
}
