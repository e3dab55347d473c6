import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ResumableSessions } from './resumable-sessions.ts';
import { tamed, textOf } from './testing/session-pair.ts';
import { until } from './testing/settled.ts';
import { TunnelSession } from './tunnel-session.ts';

async function aServer(onSocket: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer(onSocket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function aSocket(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

/** Echoes every stream. */
const echo = {
  onStream: (incoming: { accept(): ReturnType<TunnelSession['open']> }): void => {
    const stream = incoming.accept();
    pipeline(stream, stream).catch(() => {});
  },
};

describe('A session over TCP', { timeout: 30_000 }, () => {
  it('carries a thousand streams, and ends both sockets when it closes', async () => {
    let acceptor: TunnelSession | undefined;
    const accepted: Socket[] = [];
    const port = await aServer((socket) => {
      accepted.push(socket);
      acceptor = new TunnelSession(socket, { role: 'acceptor', ...echo });
    });
    const socket = aSocket(port);
    const dialer = new TunnelSession(socket, { role: 'dialer' });
    await dialer.ready;

    const texts: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      const streams = Array.from({ length: 100 }, (_, index) => {
        const stream = tamed(dialer.open(Buffer.from('x'), { firstBytes: Buffer.from(`${round}-${index} `) }));
        stream.end('end');
        return textOf(stream);
      });
      texts.push(...(await Promise.all(streams)));
    }
    await dialer.close();

    expect(new Set(texts).size).toBe(1000);
    expect(await acceptor?.closed).toMatchObject({ code: 'peer-closed' });
    await until(() => accepted[0]?.destroyed === true);
    expect(socket.destroyed).toBe(true);
    expect(['data', 'error'].map((event) => socket.listenerCount(event))).toEqual([0, 0]);
  });

  it('works as a byte pipe for real connections, half-closed and all', async () => {
    const backend = await aServer((socket) => {
      socket.once('data', (chunk: Buffer) => socket.end(`you said ${chunk.toString()}`));
    });
    const tunnelPort = await aServer((socket) => {
      new TunnelSession(socket, {
        role: 'acceptor',
        onStream: (incoming) => {
          const upstream = aSocket(backend);
          const stream = tamed(incoming.accept());
          pipeline(stream, upstream, stream).catch(() => {});
        },
      });
    });
    const dialer = new TunnelSession(aSocket(tunnelPort), { role: 'dialer' });
    const entry = await aServer((socket) => {
      pipeline(socket, dialer.open(Buffer.from('')), socket).catch(() => {});
    });
    const client = aSocket(entry);

    client.write('hello');
    const [answer] = (await once(client, 'data')) as [Buffer];

    expect(answer.toString()).toBe('you said hello');
    await dialer.close();
  });

  it('goes on after its connection was reset in the midst of bulk both ways', async () => {
    const sessions = new ResumableSessions();
    const sockets: Socket[] = [];
    const resume = { bufferBytes: 256 * 1024 };
    const port = await aServer((socket) => {
      sockets.push(socket);
      sessions.accept(socket, { resume, ...echo }).catch(() => {});
    });
    const dialer: TunnelSession = new TunnelSession(aSocket(port), {
      role: 'dialer',
      resume: { ...resume, onInterrupted: () => void dialer.resume(aSocket(port)).catch(() => {}) },
    });
    await dialer.ready;
    const payload = randomBytes(20_000_000);
    const stream = dialer.open(Buffer.from(''));
    const heard = createHash('sha256');
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      heard.update(chunk);
      // Every few megabytes the connection breaks at the far end.
      if (bytes > sockets.length * 4_000_000) sockets.at(-1)?.resetAndDestroy();
    });

    stream.end(payload);
    await once(stream, 'end');

    expect(heard.digest('hex')).toBe(createHash('sha256').update(payload).digest('hex'));
    expect(sockets.length).toBeGreaterThanOrEqual(4);
    expect(sessions.size).toBe(1);
    await dialer.close();
    await until(() => sessions.size === 0);
  });
});
