/**
 * Either end of what a tunnel carries, in a process of its own so that no end is measured with the tunnel's.
 *
 * `party.mjs serve [PORT]` listens, on a free port by default, and prints where. `GET /BYTES` is answered with so many
 * bytes, a body that is sent is counted and its length answered.
 * `party.mjs down URL BYTES` and `up URL BYTES` print the milliseconds that it took to fetch, or to send.
 * `latency URL COUNT` prints the median and the 99th percentile of requests one after the other, in milliseconds.
 */
import { Agent, createServer, request } from 'node:http';

const chunk = Buffer.alloc(64 * 1024, 7);
const limitMs = 120_000;

function serve(port) {
  const server = createServer((asked, response) => {
    if (asked.method === 'GET') {
      send(response, Number(asked.url.slice(1)) || 0);
      return;
    }
    let length = 0;
    asked.on('data', (piece) => {
      length += piece.length;
    });
    asked.on('end', () => response.end(String(length)));
  });
  server.listen(port, () => console.log(server.address().port));
  process.on('SIGTERM', () => process.exit(0));
}

/** Writes so many bytes as fast as they are taken. */
function send(to, bytes) {
  let left = bytes;
  const write = () => {
    while (left > 0) {
      const piece = left < chunk.length ? chunk.subarray(0, left) : chunk;
      left -= piece.length;
      if (!to.write(piece)) {
        to.once('drain', write);
        return;
      }
    }
    to.end();
  };
  write();
}

/** One request; resolves with how many bytes came, or what was answered to a body. */
function ask(url, { agent = false, bytes, method = 'GET' } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, timeout: limitMs }, (response) => {
      let length = 0;
      let text = '';
      response.on('data', (piece) => {
        length += piece.length;
        if (method === 'POST') text += piece;
      });
      response.on('end', () => resolve(method === 'POST' ? Number(text) : length));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    if (method === 'POST') send(sent, bytes);
    else sent.end();
  });
}

const jobs = {
  async down(url, bytes) {
    expectAll(await ask(`${url}${bytes}`), bytes);
  },
  async up(url, bytes) {
    expectAll(await ask(url, { method: 'POST', bytes }), bytes);
  },
  async latency(url, count) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const took = [];
    for (let asked = 0; asked < count; asked++) {
      const began = performance.now();
      expectAll(await ask(`${url}1`, { agent }), 1);
      took.push(performance.now() - began);
    }
    took.sort((a, b) => a - b);
    return `${took[count >> 1]} ${took[Math.floor(count * 0.99)]}`;
  },
};

function expectAll(got, wanted) {
  if (got !== wanted) throw new Error(`${got} bytes instead of ${wanted}`);
}

const [role, where, amount] = process.argv.slice(2);
if (role === 'serve') serve(Number(where ?? 0));
else {
  const began = performance.now();
  const said = await jobs[role](where, Number(amount));
  console.log(said ?? performance.now() - began);
  process.exit(0);
}
