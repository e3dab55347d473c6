import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { describeTunnelTransport } from '../conformance/tunnel-transport.ts';
import { MemoryTunnelTransport } from './memory-tunnel-transport.ts';

describeTunnelTransport<Duplex>('MemoryTunnelTransport', {
  create: async () => {
    const accepted: Duplex[] = [];
    const transport = new MemoryTunnelTransport({ pair: linkedPair, accept: (stream) => accepted.push(stream) });
    return {
      transport,
      accepted: async () => accepted.shift() as Duplex,
      read: readBytes,
      closed: async (stream) => {
        if (!stream.closed) await once(stream, 'close');
      },
      takeAway: async () => transport.setReachable(false),
      async [Symbol.asyncDispose]() {
        transport.dropConnections();
      },
    };
  },
});

describe('MemoryTunnelTransport', () => {
  it('drops what is open and can be dialled again', async () => {
    const accepted: Duplex[] = [];
    const transport = new MemoryTunnelTransport({ pair: linkedPair, accept: (stream) => accepted.push(stream) });
    const before = await transport.dial();

    transport.dropConnections();
    const after = await transport.dial();

    expect(before.destroyed).toBe(true);
    expect(accepted[0]?.destroyed).toBe(true);
    expect(after.destroyed).toBe(false);
    after.destroy();
  });
});

function linkedPair(): [Duplex, Duplex] {
  const [near, far] = duplexPair();
  near.once('close', () => far.destroy());
  far.once('close', () => near.destroy());
  return [near, far];
}

async function readBytes(stream: Duplex, bytes: number): Promise<Uint8Array> {
  const read: number[] = [];
  while (read.length < bytes) {
    const chunk: unknown = stream.read(Math.min(bytes - read.length, Math.max(1, stream.readableLength)));
    if (chunk instanceof Uint8Array) read.push(...chunk);
    else await once(stream, 'readable');
  }
  return Uint8Array.from(read);
}
