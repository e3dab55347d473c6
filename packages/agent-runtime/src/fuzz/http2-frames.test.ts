import { once } from 'node:events';
import { connect } from 'node:net';
import { encodeHeaders, HeaderDecoder } from '@fairlead/tunnel';
import { expect, it } from 'vitest';
import {
  ack,
  dataFrames,
  endHeaders,
  endStream,
  frame,
  frameType,
  goAway,
  hasPriority,
  headersFrames,
  padded,
  rstStream,
  setting,
  settings,
  windowUpdate,
} from '../http2/frame.ts';
import { FrameReader } from '../http2/frame-reader.ts';
import { preface } from '../http2/preface.ts';
import { RawParty } from '../testing/http-party.ts';
import { personal, proxied } from '../testing/proxied.ts';
import { mutated, nameOf, namesIn, Random, rounds } from './random.ts';

const odd = [
  '00',
  'ff',
  '7fffffff',
  '000000',
  '00000401',
  '000004080000000000',
  '0000000501',
  '82',
  '3fe11f',
  'be',
].map((hex) => Buffer.from(hex, 'hex'));

const lastWords = Buffer.from('that was');

/** A header block that also uses and fills the table of its receiver. */
function block(random: Random, fields: readonly (readonly [string, string])[]): Buffer {
  const plain = encodeHeaders(fields.map(([name, value]) => ({ name, value, isSecret: random.onceIn(8) })));
  const kept = Buffer.from([0x40, 1, 0x78, 1, 97 + random.below(26)]);
  // After three fields of the table there is a first one of one's own.
  return Buffer.concat([plain, kept, ...(random.onceIn(4) ? [Buffer.from([0xbe])] : [])]);
}

function headers(random: Random, id: number, path: string, isLast: boolean): Buffer {
  const user = random.onceIn(2) ? 'ada' : 'bob';
  const fields = [
    [':method', isLast ? 'GET' : 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 's'],
    ['x-user', user],
  ] as const;
  const bytes = block(random, fields);
  const flags = isLast ? endStream : 0;
  switch (random.below(4)) {
    case 0: {
      const cut = random.below(bytes.length);
      const rest = frame(frameType.continuation, endHeaders, id, bytes.subarray(cut));
      return Buffer.concat([frame(frameType.headers, flags, id, bytes.subarray(0, cut)), rest]);
    }
    case 1: {
      const around = Buffer.concat([Buffer.from([3]), Buffer.alloc(5), bytes, Buffer.alloc(3)]);
      return frame(frameType.headers, flags | endHeaders | padded | hasPriority, id, around);
    }
    default:
      return headersFrames(id, bytes, isLast);
  }
}

/** The frames of a client that says all sorts of things; each request has a path of its own. */
function sequence(random: Random, seed: number): Buffer[] {
  const frames: Buffer[] = [settings([setting.initialWindowSize, random.of([65_535, 10, 1_000_000])])];
  let next = 1;
  const open: number[] = [];
  for (let left = 3 + random.below(12); left > 0; left -= 1) {
    const id = open.length > 0 ? random.of(open) : next;
    switch (random.below(9)) {
      case 0:
        frames.push(dataFrames(id, Buffer.alloc(random.below(300), 'd'), random.onceIn(2)));
        break;
      case 1:
        frames.push(windowUpdate(random.onceIn(2) ? 0 : id, 1 + random.below(100_000)));
        break;
      case 2:
        frames.push(rstStream(id, 8));
        break;
      case 3:
        frames.push(settings([setting.initialWindowSize, random.below(70_000)]));
        break;
      case 4:
        frames.push(frame(random.of([frameType.ping, frameType.priority, 0x20]), 0, 0, Buffer.alloc(8)));
        break;
      case 5:
        frames.push(frame(frameType.data, padded, id, Buffer.from([2, 120, 120, 0, 0])));
        break;
      default: {
        const isLast = random.onceIn(2);
        frames.push(headers(random, next, `/${nameOf(seed, next)}`, isLast));
        if (!isLast) open.push(next);
        next += 2 + 2 * random.below(2);
      }
    }
  }
  if (random.onceIn(20)) frames.push(goAway(0, 0));
  return frames;
}

/** A server that answers each request as soon as its fields are there, and is as strict as it is short. */
async function party(seen: Set<string>): Promise<RawParty> {
  return RawParty.start((socket) => {
    const reader = new FrameReader();
    const decoder = new HeaderDecoder();
    let skip = preface.length;
    let highest = 0;
    socket.write(settings());
    socket.on('data', (bytes) => {
      const start = Math.min(skip, bytes.length);
      skip -= start;
      try {
        reader.push(bytes.subarray(start));
        while (reader.next()) {
          const { type, flags, id } = reader;
          if (type === frameType.settings && (flags & ack) === 0) socket.write(frame(frameType.settings, ack, 0));
          if (type === frameType.ping) socket.write(frame(frameType.ping, ack, 0, reader.payload()));
          if (type !== frameType.headers) continue;
          const fields = decoder.read(reader.block());
          if (id <= highest) continue;
          highest = id;
          for (const { value } of fields) for (const name of namesIn(value)) seen.add(name);
          const head = encodeHeaders([{ name: ':status', value: '200', isSecret: false }]);
          socket.write(Buffer.concat([headersFrames(id, head, false), dataFrames(id, Buffer.from('answer'), true)]));
        }
      } catch {
        socket.destroy();
      }
    });
    socket.on('end', () => socket.end());
  });
}

/** Sends the bytes in pieces, and resolves with what came back when the connection is over. */
async function say(port: number, pieces: readonly Buffer[]): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const got: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (bytes) => got.push(bytes));
  const closed = once(socket, 'close');
  for (const piece of pieces) {
    socket.write(piece);
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  // Whoever understood everything says so; where that got lost in what was mutated, there is nothing to wait for.
  const isOver = (): boolean => socket.destroyed || Buffer.concat(got.slice(-2)).includes(lastWords);
  for (let turn = 0; turn < 20 && !isOver(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  socket.end();
  await closed;
  return Buffer.concat(got);
}

it('no mutated frames crash or stall the agent, reach two parties, or make it send what is no HTTP/2', {
  timeout: 900_000,
}, async () => {
  const ofApp = new Set<string>();
  const ofDev = new Set<string>();
  await using app = await party(ofApp);
  await using dev = await party(ofDev);
  await using made = await proxied(app.port, {
    routes: personal('mine', 'ada'),
    limits: { sniffTimeoutMs: 50, headTimeoutMs: 50, lingerMs: 50 },
  });
  made.diverter.holders.set('mine', dev.port);
  const total = rounds(150, 100_000);
  const broken: number[] = [];
  let next = 0;
  let answers = 0;
  const one = async (seed: number): Promise<void> => {
    const random = new Random(seed);
    const frames = sequence(random, seed);
    const at = random.below(frames.length);
    const isMutated = !random.onceIn(4);
    if (isMutated) frames[at] = mutated(random, frames[at] as Buffer, odd);
    const bytes = Buffer.concat([preface, ...frames, frame(frameType.ping, 0, 0, lastWords)]);
    const cut = random.below(bytes.length);
    const pieces = random.onceIn(2) ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)];

    const got = await say(made.port.port, pieces);

    const reader = new FrameReader();
    const decoder = new HeaderDecoder();
    reader.push(got);
    try {
      while (reader.next()) {
        if (reader.type === frameType.headers) answers += decoder.read(reader.block()).length > 0 ? 1 : 0;
      }
    } catch {
      broken.push(seed);
    }
  };
  const worker = async (): Promise<void> => {
    for (let seed = next++; seed < total; seed = next++) await one(seed);
  };
  await Promise.all(Array.from({ length: 32 }, worker));

  expect([...ofApp].filter((name) => ofDev.has(name))).toEqual([]);
  expect(broken).toEqual([]);
  expect(Math.min(ofApp.size, ofDev.size)).toBeGreaterThan(total / 2);
  expect(answers).toBeGreaterThan(total / 2);
});
