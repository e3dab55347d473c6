import { METHODS } from 'node:http';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { chunked } from '../http1/body-length.ts';
import { RequestReader } from '../http1/request-reader.ts';
import { HttpParty } from '../testing/http-party.ts';
import { personal, proxied } from '../testing/proxied.ts';
import { RawClient } from '../testing/raw-client.ts';
import { mutated, nameOf, namesIn, Random, rounds } from './random.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

const heads = [
  'GET /a?b=c HTTP/1.1\r\nHost: s\r\nx-user: ada\r\n\r\n',
  'POST /b HTTP/1.1\r\nHost: s\r\nContent-Length: 5\r\n\r\nhello',
  'PUT /c HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\nx-user: ada\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'POST /d HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nx-t: 1\r\n\r\n',
  'HEAD /e HTTP/1.0\r\nHost: s\r\nConnection: keep-alive\r\n\r\n',
  'DELETE http://s/f HTTP/1.1\r\nHost: s\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: s\r\nAccept: */*\r\nCookie: a=b; c=d\r\nUser-Agent: kube-probe/1.30\r\n\r\n',
].map(latin1);

const odd = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  ':',
  '\0',
  ',',
  ';',
  '0',
  '5',
  'a',
  '\xff',
  '\r\n\r\n',
  '\n\n',
  ' :',
  '\r\n ',

  'Content-Length: 5\r\n',
  'Content-Length: 6\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: x, chunked\r\n',

  'Upgrade: websocket\r\nConnection: upgrade\r\n',
  'HTTP/1.1',
  'GET / HTTP/1.1\r\n\r\n',
  'x-user: ada\r\n',
  '0\r\n\r\n',
].map(latin1);

/** What a party understood: `METHOD target length-of-body`, of the last one perhaps only the head. */
interface Understood {
  readonly requests: string[];
  /** The body of the last request did not end. */
  isOpen: boolean;
  /** What follows is not understood. */
  isLost: boolean;
}

/** The parser inside node:http. */
interface NodeParser {
  initialize(type: number, resource: object): void;
  execute(bytes: Buffer): number | Error;
  [event: number]: (...args: never[]) => unknown;
}
type ParserClass = (new () => NodeParser) & {
  readonly REQUEST: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
};
const { HTTPParser } = createRequire(import.meta.url)('_http_common') as { readonly HTTPParser: ParserClass };

/** Methods by the numbers that the parser has for them. */
const methods = new Map(METHODS.map((name) => [numberOf(name), name]));

function numberOf(name: string): number {
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  let number = -1;
  parser[HTTPParser.kOnHeadersComplete] = ((_major, _minor, _headers, method: number) => {
    number = method;
    return 0;
  }) as (...args: never[]) => unknown;
  parser.execute(latin1(`${name} ${name === 'CONNECT' ? 'app:80' : '/'} HTTP/1.1\r\nhost: app\r\n\r\n`));
  return number;
}

function byNode(bytes: Buffer): Understood {
  const seen: Understood = { requests: [], isOpen: false, isLost: false };
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  let head = '';
  let body = 0;
  parser[HTTPParser.kOnHeadersComplete] = ((_major, _minor, _headers, method: number, url: string) => {
    head = `${methods.get(method)} ${url}`;
    body = 0;
    seen.isOpen = true;
    seen.requests.push(head);
    return 0;
  }) as (...args: never[]) => unknown;
  parser[HTTPParser.kOnBody] = ((piece: Buffer) => {
    body += piece.length;
  }) as (...args: never[]) => unknown;
  parser[HTTPParser.kOnMessageComplete] = () => {
    seen.isOpen = false;
    seen.requests[seen.requests.length - 1] = `${head} ${body}`;
  };
  const read = parser.execute(bytes);
  seen.isLost = typeof read !== 'number' || read < bytes.length;
  return seen;
}

function byUs(bytes: Buffer): Understood {
  const seen: Understood = { requests: [], isOpen: false, isLost: false };
  const reader = new RequestReader();
  for (let at = 0; at < bytes.length; at = reader.end) {
    const head = reader.readHead(bytes, at);
    if (head === 'incomplete') return seen;
    if (typeof head === 'string') return { ...seen, isLost: true };
    const said = `${head.method} ${head.target}`;
    seen.requests.push(said);
    seen.isOpen = true;
    const start = reader.end;
    const isWhole = reader.isInBody ? reader.readBody(bytes, start) : true;
    if (typeof isWhole === 'string') return { ...seen, isLost: true };
    if (!isWhole) return seen;
    seen.isOpen = false;
    const length = head.body === chunked ? chunkedLength(bytes.subarray(start, reader.end)) : head.body;
    seen.requests[seen.requests.length - 1] = `${said} ${length}`;
    // What follows is another protocol, or none: both leave it alone.
    if (head.switches || head.closes) return { ...seen, isLost: true };
  }
  return seen;
}

/** The bytes in chunks, of a body that was found to be whole. */
function chunkedLength(body: Buffer): number {
  let length = 0;
  for (let at = 0; ; ) {
    const line = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, line), 16);
    if (size === 0) return length;
    length += size;
    at = line + 2 + size + 2;
  }
}

it('mutated requests are understood as by the parser of Node, or left alone', { timeout: 600_000 }, () => {
  let compared = 0;
  for (let seed = 0; seed < rounds(3000, 1_000_000); seed += 1) {
    const random = new Random(seed);
    const bytes = mutated(random, Buffer.concat([random.of(heads), random.of(heads)]), odd);

    const ours = byUs(bytes);
    const theirs = byNode(bytes);

    // Of a request that one of them did not see to its end only the beginning can be compared.
    const both = Math.min(ours.requests.length, theirs.requests.length);
    for (let at = 0; at < both; at += 1) {
      const [mine = '', other = ''] = [ours.requests[at], theirs.requests[at]];
      const isSame: boolean = mine === other || mine.startsWith(`${other} `) || other.startsWith(`${mine} `);
      if (isSame) compared += 1;
      else expect({ seed, at, ours: mine, bytes: bytes.toString('latin1') }).toEqual({ seed, at, ours: other });
    }
  }

  expect(compared).toBeGreaterThan(rounds(1500, 500_000));
});

it('a mutated request is never answered by two parties, and every connection comes to its end', {
  timeout: 600_000,
}, async () => {
  await using app = await HttpParty.start('app');
  await using dev = await HttpParty.start('dev');
  await using made = await proxied(app.port, {
    routes: personal('mine', 'ada'),
    limits: { sniffTimeoutMs: 50, headTimeoutMs: 50, lingerMs: 50 },
  });
  made.diverter.holders.set('mine', dev.port);
  // Nothing that doubles a request: each has its own name.
  const single = odd.filter((bytes) => !bytes.includes('GET'));
  const total = rounds(150, 20_000);
  let next = 0;
  const one = async (seed: number): Promise<void> => {
    const random = new Random(seed);
    const named = [0, 1, 2].map((at) =>
      latin1(
        random
          .of(heads)
          .toString('latin1')
          .replace(/ (\/|http:\/\/s\/)\w/, ` $1${nameOf(seed, at)}`),
      ),
    );
    using client = await RawClient.connect(made.port.port);
    client.socket.end(mutated(random, Buffer.concat(named), single));
    await client.ended().catch((cause: unknown) => {
      throw new Error(`the connection of seed ${seed} does not end`, { cause });
    });
  };
  const worker = async (): Promise<void> => {
    for (let seed = next++; seed < total; seed = next++) await one(seed);
  };
  await Promise.all(Array.from({ length: 16 }, worker));

  const names = (urls: readonly string[]): Set<string> => new Set(urls.flatMap(namesIn));
  const ofDev = names(dev.urls);
  expect([...names(app.urls)].filter((name) => ofDev.has(name))).toEqual([]);
  expect(ofDev.size).toBeGreaterThan(total / 10);
  expect(app.seen.length).toBeGreaterThan(total / 2);
});
