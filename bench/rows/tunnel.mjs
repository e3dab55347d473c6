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

/** The tunnel's rows: a bulk stream against a TCP connection per stream, short streams against HTTP/2. */
export async function tunnelRows({ rounds, ports, wanted }) {
  const own = await startPath('tunnel', ports());
  const tcp = await startPath('tcp', ports());
  const h2 = await startPath('h2', ports());
  const bytes = 1 << 30;
  const cpuPerGb = async (path) => {
    const before = cpuSeconds(...path.pids);
    await path.order({ bulk: bytes });
    return (cpuSeconds(...path.pids) - before) / (bytes / 1e9);
  };
  const opensPerSecond = async (path) => (await path.order({ opens: 1500, parallel: 64 })) / 1.5;
  const rows = [];
  try {
    if (wanted('tunnel.cpu-per-gb')) {
      rows.push(
        await compare({
          id: 'tunnel.cpu-per-gb',
          peer: 'a TCP connection per stream',
          target: 0.9,
          unit: 's/GB',
          rounds,
          // Until then the compiler works on what runs for hours in an agent: on more of it in ours.
          warmUps: 4,
          ours: () => cpuPerGb(own),
          theirs: () => cpuPerGb(tcp),
        }),
      );
    }
    if (wanted('tunnel.opens-per-second')) {
      rows.push(
        await compare({
          id: 'tunnel.opens-per-second',
          peer: 'HTTP/2 (node:http2)',
          target: 5,
          higherIsBetter: true,
          unit: '1/s',
          rounds,
          warmUps: 2,
          ours: () => opensPerSecond(own),
          theirs: () => opensPerSecond(h2),
        }),
      );
    }
  } finally {
    await Promise.all([own.stop(), tcp.stop(), h2.stop()]);
  }
  return rows;
}
