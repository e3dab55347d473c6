import { fork } from 'node:child_process';
import { once } from 'node:events';
import { compare } from '../measure.mjs';
import { cpuSeconds, listening, stop } from '../processes.mjs';

const script = new URL('../subjects/stream-pair.mjs', import.meta.url).pathname;

/** Starts both ends of a path. */
async function startPath(path, port) {
  const acceptor = fork(script, [path, 'accept', port]);
  await listening(port);
  const opener = fork(script, [path, 'open', port]);
  await once(opener, 'message');
  const order = async (message) => {
    opener.send(message);
    const [answer] = await once(opener, 'message');
    if (answer.failed) throw new Error(`${path}: ${answer.failed}`);
    return answer.count;
  };
  return { pids: [opener.pid, acceptor.pid], order, stop: () => Promise.all([stop(opener), stop(acceptor)]) };
}

/** How often a path carries the bulk before it is measured: until then the compiler works on what runs for hours in an agent. */
const warmUps = 4;

/** The tunnel's rows: a bulk stream against a TCP connection per stream, short streams against HTTP/2. */
export async function tunnelRows({ rounds, ports, wanted }) {
  const rows = [];
  if (wanted('tunnel.cpu-per-gb')) {
    rows.push(
      await compare({
        id: 'tunnel.cpu-per-gb',
        peer: 'a TCP connection per stream',
        target: 0.9,
        unit: 's/GB',
        rounds,
        ours: () => cpuPerGb('tunnel', ports()),
        theirs: () => cpuPerGb('tcp', ports()),
      }),
    );
  }
  if (wanted('tunnel.opens-per-second')) rows.push(await opensRow({ rounds, ports }));
  return rows;
}

/**
 * CPU of both ends for a stream in bulk. By processes of their own for each round: where memory comes to lie makes two
 * processes of one program differ by a third, for as long as they live.
 */
async function cpuPerGb(path, port) {
  const ends = await startPath(path, port);
  const bytes = 1 << 30;
  try {
    for (let count = 0; count < warmUps; count += 1) await ends.order({ bulk: bytes });
    const before = cpuSeconds(...ends.pids);
    await ends.order({ bulk: bytes });
    return (cpuSeconds(...ends.pids) - before) / (bytes / 1e9);
  } finally {
    await ends.stop();
  }
}

async function opensRow({ rounds, ports }) {
  const own = await startPath('tunnel', ports());
  const h2 = await startPath('h2', ports());
  const opensPerSecond = async (path) => (await path.order({ opens: 1500, parallel: 64 })) / 1.5;
  try {
    return await compare({
      id: 'tunnel.opens-per-second',
      peer: 'HTTP/2 (node:http2)',
      target: 5,
      higherIsBetter: true,
      unit: '1/s',
      rounds,
      warmUps: 2,
      ours: () => opensPerSecond(own),
      theirs: () => opensPerSecond(h2),
    });
  } finally {
    await Promise.all([own.stop(), h2.stop()]);
  }
}
