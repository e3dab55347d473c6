/**
 * One end of a path for streams, run as a process of its own so that its CPU can be told apart.
 * `stream-pair.mjs PATH accept PORT` waits; `stream-pair.mjs PATH open PORT` dials, then obeys messages from its parent:
 * `{ bulk: bytes }` sends that much on one stream and waits until the other end has all of it,
 * `{ opens: ms, parallel }` opens, echoes a few bytes on and closes streams for that long.
 * The paths: `tunnel` (ours), `tcp` (a connection per stream), `h2` (HTTP/2 with the windows opened wide).
 */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { TunnelSession } from '@fairlead/tunnel';

const [, , path, role, portText] = process.argv;
const port = Number(portText);
const chunk = Buffer.alloc(64 * 1024, 1);
const h2Window = 16 << 20;

/** What the accepting end does with a stream: the first byte says whether to swallow or to echo. */
function serve(stream) {
  let mode;
  let seen = 0;
  stream.on('error', () => {});
  stream.on('data', (data) => {
    mode ??= data[0];
    if (mode === 2) stream.write(data);
    else seen += data.length;
  });
  stream.on('end', () => stream.end(mode === 1 ? `${seen}\n` : undefined));
}

/** For each path: how the accepting end listens, and how the opening end makes a stream. */
const paths = {
  tcp: {
    accept: () => net.createServer({ allowHalfOpen: true, noDelay: true }, serve).listen(port, '127.0.0.1', 4096),
    open: async () => () => net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }),
  },
  tunnel: {
    accept: () =>
      net
        .createServer({ noDelay: true }, (socket) => {
          new TunnelSession(socket, { role: 'acceptor', onStream: (incoming) => serve(incoming.accept()) });
        })
        .listen(port, '127.0.0.1'),
    open: async () => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      const session = new TunnelSession(socket, { role: 'dialer' });
      await session.ready;
      const metadata = Buffer.from('{}');
      return () => session.open(metadata);
    },
  },
  h2: {
    accept: () => {
      const server = http2.createServer({ settings: { initialWindowSize: 1 << 20, maxConcurrentStreams: 1000 } });
      server.on('session', (session) => session.setLocalWindowSize(h2Window));
      server.on('stream', (stream) => {
        stream.respond({ ':status': 200 });
        serve(stream);
      });
      return server.listen(port, '127.0.0.1');
    },
    open: async () => {
      const session = http2.connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 1 << 20 } });
      await once(session, 'remoteSettings');
      session.setLocalWindowSize(h2Window);
      return () => session.request({ ':method': 'POST', ':path': '/' }, { endStream: false });
    },
  },
};

async function bulk(open, bytes) {
  const stream = open();
  stream.on('error', (error) => process.send({ failed: error.message }));
  let answer = '';
  stream.on('data', (data) => (answer += data));
  const ended = once(stream, 'end');
  for (let left = bytes; left > 0; left -= chunk.length) {
    if (!stream.write(left < chunk.length ? chunk.subarray(0, left) : chunk)) await once(stream, 'drain');
  }
  stream.end();
  await ended;
  if (Number(answer) !== bytes) throw new Error(`sent ${bytes}, the other end saw ${answer}`);
}

/** Keeps `parallel` streams going until the time is over; resolves to how many made the round. */
function opens(open, ms, parallel) {
  const until = Date.now() + ms;
  const greeting = Buffer.from([2, 3, 4, 5]);
  let count = 0;
  let running = parallel;
  return new Promise((resolve, reject) => {
    const next = () => {
      if (Date.now() > until) {
        running -= 1;
        if (running === 0) resolve(count);
        return;
      }
      const stream = open();
      stream.on('error', reject);
      stream.on('data', () => stream.end());
      stream.on('end', () => {
        count += 1;
        next();
      });
      stream.write(greeting);
    };
    for (let index = 0; index < parallel; index += 1) next();
  });
}

if (role === 'accept') {
  paths[path].accept();
} else {
  const open = await paths[path].open();
  process.on('message', (order) => {
    const work = order.bulk ? bulk(open, order.bulk) : opens(open, order.opens, order.parallel);
    work.then(
      (count) => process.send({ done: true, count }),
      (error) => process.send({ failed: error.message }),
    );
  });
  process.send({ ready: true });
}
