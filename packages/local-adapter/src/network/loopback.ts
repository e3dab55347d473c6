import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { FairleadError } from '@fairlead/core';

/**
 * How pods and Services are told apart: each by an address of its own (127.x.y.z), or, where only 127.0.0.1 can be
 * bound, each by ports of its own.
 */
export type LoopbackMode = 'addresses' | 'ports';

/** A share of the loopback that no other embedded cluster uses. Disposing gives it back; so does the process's end. */
export interface Loopback extends AsyncDisposable {
  readonly mode: LoopbackMode;
  /** An address for a pod or Service; 127.0.0.1 for all of them in mode `ports`. */
  takeAddress(): string;
  /** Takes an address back. It is used again as late as possible. */
  giveAddress(address: string): void;
  /**
   * The port to bind at `address` for what is called `port`: the same one where possible. It differs for ports that
   * need privileges, and in mode `ports`, where `preferSame` tells whether to try the same one first.
   */
  takePort(address: string, port: number, preferSame: boolean): Promise<number>;
  /** Takes a port back. */
  givePort(address: string, port: number): void;
}

/** 127.64.0.0/10 in blocks of 2^14 addresses: room for 256 clusters. */
const blocks = 256;
const blockSize = 2 ** 14;
/** Bound on the block's last address for as long as the block is held. */
const lockPort = 47_633;
/** What is added to ports that need privileges. Not 10,000: `fetch` refuses port 10080. */
const movedBy = 20_000;
/** Below the ports that systems give to outgoing connections, so that nobody takes them by chance. */
const firstPort = 20_000;
const lastPort = 31_999;

/**
 * Takes a free share of the loopback. `canBindLow` tells whether this process may bind ports below 1024. Fails with
 * `unsupported` where not even 127.0.0.1 can be bound.
 */
export async function claimLoopback(
  mode: LoopbackMode | 'auto' = 'auto',
  canBindLow: (address: string) => Promise<boolean> = mayBindLow,
): Promise<Loopback> {
  if (mode === 'ports') return new PortLoopback();
  const start = randomInt(blocks);
  for (let turn = 0; turn < blocks; turn++) {
    const block = (start + turn) % blocks;
    const lock = await tryLock(addressAt(block, blockSize - 2));
    if (lock instanceof Error) {
      if (errorCode(lock) === 'EADDRINUSE') continue;
      if (mode === 'auto') return new PortLoopback();
      throw new FairleadError('unsupported', `this system binds no other loopback address: ${lock.message}`, {
        cause: lock,
      });
    }
    return new AddressLoopback(block, lock, await canBindLow(addressAt(block, blockSize - 2)));
  }
  throw new FairleadError('unsupported', `all ${blocks} blocks of loopback addresses are in use by other clusters`);
}

/** What asking for a listening socket came to. */
type Bound = Server | Error;

function tryLock(address: string): Promise<Bound> {
  return tryBind(address, lockPort);
}

async function mayBindLow(address: string): Promise<boolean> {
  const low = await tryBind(address, 1);
  if (low instanceof Error) return errorCode(low) !== 'EACCES';
  await closed(low);
  return true;
}

function tryBind(host: string, port: number): Promise<Bound> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => resolve(server.unref()));
  });
}

/** A number may be for TCP, for UDP or for both. */
function canBindDatagrams(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const tell = (isBound: boolean) => (): void => void socket.close(() => resolve(isBound));
    socket.once('error', tell(false));
    socket.bind({ address, port, exclusive: true }, tell(true));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function errorCode(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function addressAt(block: number, offset: number): string {
  const number = 127 * 2 ** 24 + 64 * 2 ** 16 + block * blockSize + offset;
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

class AddressLoopback implements Loopback {
  readonly mode = 'addresses';
  readonly #block: number;
  readonly #lock: Server;
  readonly #low: boolean;
  readonly #given: string[] = [];
  readonly #moved = new Map<string, Set<number>>();
  #next = 1;

  constructor(block: number, lock: Server, low: boolean) {
    this.#block = block;
    this.#lock = lock;
    this.#low = low;
  }

  takeAddress(): string {
    if (this.#next < blockSize - 2) return addressAt(this.#block, this.#next++);
    const again = this.#given.shift();
    if (again === undefined) throw new FairleadError('unsupported', `more than ${blockSize} addresses in one cluster`);
    return again;
  }

  giveAddress(address: string): void {
    this.#moved.delete(address);
    this.#given.push(address);
  }

  async takePort(address: string, port: number): Promise<number> {
    if (this.#low || port >= 1024) return port;
    const taken = this.#moved.get(address) ?? new Set();
    this.#moved.set(address, taken);
    let moved = port + movedBy;
    while (taken.has(moved)) moved++;
    taken.add(moved);
    return moved;
  }

  givePort(address: string, port: number): void {
    this.#moved.get(address)?.delete(port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closed(this.#lock);
  }
}

class PortLoopback implements Loopback {
  readonly mode = 'ports';
  readonly #taken = new Set<number>();

  takeAddress(): string {
    return '127.0.0.1';
  }

  giveAddress(): void {}

  async takePort(address: string, port: number, preferSame: boolean): Promise<number> {
    if (preferSame && (await this.#isFree(address, port))) return port;
    const size = lastPort - firstPort + 1;
    const start = randomInt(size);
    for (let turn = 0; turn < size; turn++) {
      const candidate = firstPort + ((start + turn) % size);
      if (await this.#isFree(address, candidate)) return candidate;
    }
    throw new FairleadError('port-taken', `no port of 127.0.0.1 from ${firstPort} to ${lastPort} is free`);
  }

  givePort(_address: string, port: number): void {
    this.#taken.delete(port);
  }

  async #isFree(address: string, port: number): Promise<boolean> {
    if (this.#taken.has(port)) return false;
    this.#taken.add(port);
    const server = await tryBind(address, port);
    if (server instanceof Error) {
      this.#taken.delete(port);
      return false;
    }
    await closed(server);
    if (await canBindDatagrams(address, port)) return true;
    this.#taken.delete(port);
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
