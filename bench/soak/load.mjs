/** The mixed load of a soak. Each part repeats one exchange until it is stopped, and throws when the answer is wrong. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { bulk } from './answers.mjs';

const limitMs = 20_000;

/** One HTTP exchange; resolves to who answered and what. */
async function exchange(url, { agent, headers = {}, body }) {
  const asked = request(url, { agent, headers, method: body ? 'POST' : 'GET', signal: AbortSignal.timeout(limitMs) });
  asked.end(body);
  const [answer] = await once(asked, 'response');
  const chunks = [];
  for await (const chunk of answer) chunks.push(chunk);
  if (answer.statusCode !== 200) throw new Error(`${url}: status ${answer.statusCode}`);
  return { who: answer.headers['x-who'], bytes: Buffer.concat(chunks) };
}

function expectBytes(what, { who, bytes }, wanted, served) {
  if (!served.includes(who)) throw new Error(`${what}: answered by ${who}`);
  if (!bytes.equals(wanted ?? Buffer.from(`${who}\n`)))
    throw new Error(`${what}: ${bytes.length} wrong bytes of ${who}`);
}

/** Some lines on one connection, which all have to be answered by the same server. */
async function lines({ host, port }) {
  const socket = connect({ host, port, allowHalfOpen: true, signal: AbortSignal.timeout(limitMs) });
  const wanted = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  let heard = '';
  socket.setEncoding('latin1').on('data', (text) => (heard += text));
  for (const line of wanted) socket.write(`${line}\n`);
  socket.end();
  await once(socket, 'close');
  const who = heard.split(' ')[0];
  if (heard !== wanted.map((line) => `${who} ${line}\n`).join(''))
    throw new Error(`lines: heard ${heard.length} bytes`);
}

/** What goes on at the same time, by name. `mine` carries what the personal intercept matches. */
export function exchanges({ url, line, mine }) {
  const kept = new Agent({ keepAlive: true, maxSockets: 8 });
  const single = new Agent({ keepAlive: false });
  const both = ['app', 'me'];
  const upload = randomBytes(200_000);
  return {
    kept: async () => expectBytes('kept', await exchange(`${url}/small`, { agent: kept }), undefined, ['app']),
    single: async () => expectBytes('single', await exchange(`${url}/small`, { agent: single }), undefined, ['app']),
    personal: async () =>
      expectBytes('personal', await exchange(`${url}/small`, { agent: kept, headers: mine }), undefined, both),
    download: async () => expectBytes('download', await exchange(`${url}/bulk`, { agent: kept }), bulk, ['app']),
    personalDownload: async () =>
      expectBytes('download', await exchange(`${url}/bulk`, { agent: kept, headers: mine }), bulk, both),
    upload: async () =>
      expectBytes(
        'upload',
        await exchange(`${url}/echo`, { agent: single, body: upload, headers: mine }),
        upload,
        both,
      ),
    lines: () => lines(line),
  };
}

/** Repeats exchanges until `stop` aborts; counts, and notes the first failures of each. */
export async function keepGoing(name, exchangeOnce, { stop, tally, pauseMs }) {
  const mine = { done: 0, failed: 0, failures: [] };
  tally[name] = mine;
  while (!stop.aborted) {
    try {
      await exchangeOnce();
      mine.done += 1;
    } catch (error) {
      mine.failed += 1;
      if (mine.failures.length < 5) mine.failures.push(`${new Date().toISOString()} ${error.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
