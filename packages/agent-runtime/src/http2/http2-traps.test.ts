import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { blockOf, FrameParty, FramePeer, request } from '../testing/frame-peer.ts';
import { RawParty } from '../testing/http-party.ts';
import { personal, proxied } from '../testing/proxied.ts';
import { type FrameShop, frameShop } from '../testing/shop.ts';
import { until } from '../testing/until.ts';
import {
  dataFrames,
  endHeaders,
  endStream,
  errorCode,
  frame,
  frameType,
  goAway,
  hasPriority,
  padded,
  rstStream,
  setting,
  settings,
  windowUpdate,
} from './frame.ts';

const number = (payload: Buffer): number => payload.readUInt32BE(0) & 0x7fffffff;
const sum = (frames: readonly { readonly payload: Buffer }[]): number =>
  frames.reduce((total, { payload }) => total + number(payload), 0);

/** A round trip through both sides: whatever was sent before it has arrived. */
async function settled({ client, app }: FrameShop, mark: string): Promise<void> {
  const ping = frame(frameType.ping, 0, 0, Buffer.from(mark.padEnd(8)));
  const peer = await app.peer();
  const count = peer.got('ping').length;
  client.send(ping);
  await until(() => peer.got('ping').length > count, 'the ping is there');
}

it('trap 1: a diverted answer waits while a frame of the app is half forwarded', async () => {
  await using made = await frameShop();
  const { client } = made;
  const app = await made.app.peer();
  const dev = await made.dev.peer();
  client.ask(3, '/app');
  await app.frame('headers', 3);
  const whole = dataFrames(3, Buffer.alloc(8000, 'a'), true);

  app.head(3, { ':status': '200' }, false).send(whole.subarray(0, 3000));
  await until(() => client.data(3).length > 0, 'the beginning of the frame');
  dev.answer(1, 'mine');
  await settled(made, 'half');
  expect(client.got('headers', 1)).toHaveLength(0);
  app.send(whole.subarray(3000));

  expect(String(await client.bytes(1, 4))).toBe('mine');
  expect(String(await client.bytes(3, 8000))).toBe('a'.repeat(8000));
});

it('trap 2: the app and the developer together never send more than the client takes on the connection', async () => {
  await using made = await frameShop({ client: [[setting.initialWindowSize, 1_000_000]] });
  const { client } = made;
  const app = await made.app.peer();
  const dev = await made.dev.peer();
  client.ask(3, '/app');
  await app.frame('headers', 3);

  dev.answer(1, Buffer.alloc(60_000, 'd'), false);
  await client.bytes(1, 60_000);
  // The app believes that it has the whole window of 65,535.
  app.answer(3, Buffer.alloc(65_000, 'a'), false);
  app.send(frame(frameType.ping, 0, 0, Buffer.alloc(8)));
  await client.frame('ping');
  expect(client.data(1).length + client.data(3).length).toBeLessThanOrEqual(65_535);
  // What the client gives back is for the diverted bytes first: the app must not hear of it.
  client.send(windowUpdate(0, 60_000));
  await client.bytes(3, 65_000);
  await settled(made, 'credit');
  expect(app.got('windowUpdate', 0)).toHaveLength(0);
  client.send(windowUpdate(0, 65_000));
  await until(() => sum(app.got('windowUpdate', 0)) === 65_000, 'the app gets what it used');

  app.send(dataFrames(3, Buffer.alloc(0), true));
  expect(String(client.data(3))).toBe('a'.repeat(65_000));
});

it('trap 3: a client that gives back at half its window never starves a diverted stream', async () => {
  await using made = await frameShop({ client: [[setting.initialWindowSize, 4_000_000]] });
  const { client } = made;
  const dev = await made.dev.peer();
  client.send(windowUpdate(0, 4_000_000 - 65_535));
  dev.send(windowUpdate(0, 1));
  dev.head(1, { ':status': '200' }, false);

  let given = 0;
  let sent = 0;
  const total = 9_000_000;
  while (given < total) {
    // The developer sends what the agent lets it, the client gives back only when half of its window is used up.
    const before = client.data(1).length;
    const room = (): number => 65_535 + sum(dev.got('windowUpdate', 0)) - sent;
    await until(() => client.data(1).length > before || (sent < total && room() > 0), `more than ${before} bytes`);
    const length = Math.min(room(), total - sent, 500_000);
    if (length > 0) dev.send(dataFrames(1, Buffer.alloc(length), false));
    sent += length;
    await new Promise((resolve) => setImmediate(resolve));
    const used = client.data(1).length - given;
    if (used < 2_000_000 && given + used < total) continue;
    client.send(windowUpdate(0, used), windowUpdate(1, used));
    given += used;
  }

  expect(given).toBe(total);
}, 20_000);

it('trap 4: what the client still says about an ended diverted stream does not reach the app', async () => {
  await using made = await frameShop();
  const { client } = made;
  const app = await made.app.peer();
  (await made.dev.peer()).answer(1, 'mine');
  await client.bytes(1, 4);

  client.send(windowUpdate(1, 4), rstStream(1, errorCode.cancel), frame(frameType.priority, 0, 1, Buffer.alloc(5)));
  await settled(made, 'late');

  expect(app.frames.filter(({ id }) => id === 1)).toEqual([]);
});

it('trap 5: when the app leaves, clients do not repeat calls that a developer answers, and do repeat those of the app', async () => {
  await using made = await frameShop();
  const { client } = made;
  const app = await made.app.peer();
  const dev = await made.dev.peer();
  client.ask(3, '/seen').ask(5, '/unseen').ask(7, '/diverted-too', { 'x-user': 'ada' });
  await app.frame('headers', 5);
  await dev.frame('headers', 3);

  app.send(goAway(3, errorCode.noError));
  const told = await client.frame('goAway');
  const refused = await client.frame('rstStream', 5);
  client.ask(9, '/too-late', { 'x-user': 'ada' });
  await settled(made, 'leaving');
  dev.answer(1, 'one').answer(3, 'two');
  app.answer(3, 'three');

  expect(number(told.payload)).toBe(7);
  expect(number(refused.payload)).toBe(errorCode.refusedStream);
  expect([await client.bytes(1, 3), await client.bytes(7, 3), await client.bytes(3, 5)].map(String)).toEqual([
    'one',
    'two',
    'three',
  ]);
  expect(dev.got('headers')).toHaveLength(2);
});

it('trap 6: a new initial window applies to open diverted streams, also when it makes their window negative', async () => {
  await using made = await frameShop({ client: [[setting.initialWindowSize, 1000]] });
  const { client } = made;
  const dev = await made.dev.peer();
  dev.answer(1, Buffer.alloc(5000, 'd'), false);
  await client.bytes(1, 1000);
  await settled(made, 'full');
  expect(client.data(1)).toHaveLength(1000);

  client.send(settings([setting.initialWindowSize, 1500]));
  await client.bytes(1, 1500);
  client.send(settings([setting.initialWindowSize, 500]), windowUpdate(1, 900));
  await settled(made, 'negative');
  expect(client.data(1)).toHaveLength(1500);
  client.send(windowUpdate(1, 200));

  expect(await client.bytes(1, 1600)).toHaveLength(1600);
  expect(dev.got('settings').at(-1)?.payload.readUInt32BE(2)).toBe(500);
});

it('trap 7: a request whose fields come in several frames is decided when they are complete', async () => {
  await using made = await frameShop();
  const { client } = made;
  const app = await made.app.peer();
  const dev = await made.dev.peer();
  const block = blockOf({ ...request('/split'), 'x-user': 'ada' });
  const first = frame(frameType.headers, endStream, 3, block.subarray(0, 10));
  const last = frame(frameType.continuation, endHeaders, 3, block.subarray(20));

  client.send(first, frame(frameType.continuation, 0, 3, block.subarray(10, 20)).subarray(0, 12));
  await new Promise((resolve) => setImmediate(resolve));
  expect(dev.got('headers')).toHaveLength(1);
  client.send(frame(frameType.continuation, 0, 3, block.subarray(10, 20)).subarray(12), last);

  await dev.frame('headers', 3);
  expect(dev.got('headers', 3)[0]?.fields).toMatchObject({ ':path': '/split', 'x-user': 'ada' });
  expect(app.got('headers')).toHaveLength(0);
});

it('trap 8: padding and priority are taken off, and padding is given back', async () => {
  await using made = await frameShop({ isWhole: false });
  const { client } = made;
  const dev = await made.dev.peer();
  const block = blockOf({ ...request('/padded'), 'x-user': 'ada' });
  const payload = Buffer.concat([Buffer.from([5]), Buffer.alloc(5), block, Buffer.alloc(5)]);
  client.send(frame(frameType.headers, endStream | endHeaders | padded | hasPriority, 3, payload));
  await dev.frame('headers', 3);

  const part = Buffer.concat([Buffer.from([200]), Buffer.from('body'), Buffer.alloc(200)]);
  for (let at = 0; at < 200; at += 1) client.send(frame(frameType.data, padded, 1, part));
  client.send(frame(frameType.data, padded | endStream, 1, part));

  expect(String(await dev.bytes(1, 804))).toBe('body'.repeat(201));
  expect(dev.got('headers', 3)[0]?.fields).toMatchObject({ ':path': '/padded' });
  await until(() => sum(client.got('windowUpdate', 1)) > 16_384, 'the stream gets its padding back');
  await until(() => sum(client.got('windowUpdate', 0)) > 16_384, 'the connection gets its padding back');
});

it('trap 8: priorities of the streams of the app reach it, those of diverted ones do not', async () => {
  await using made = await frameShop();
  const { client } = made;
  const app = await made.app.peer();
  const priority = Buffer.from([0x80, 0, 0, 1, 42]);
  const urgent = (id: number): Buffer => {
    const payload = Buffer.concat([Buffer.alloc(4), Buffer.from('u=1')]);
    payload.writeUInt32BE(id);
    return frame(frameType.priorityUpdate, 0, 0, payload);
  };
  const payload = Buffer.concat([Buffer.from([2]), priority, blockOf(request('/app')), Buffer.alloc(2)]);

  client.send(frame(frameType.headers, endStream | endHeaders | padded | hasPriority, 3, payload));
  client.send(frame(frameType.priority, 0, 1, priority), frame(frameType.priority, 0, 3, priority));
  client.send(urgent(1), urgent(3), urgent(5));
  await settled(made, 'told');

  const [head] = app.got('headers');
  expect(head?.fields).toMatchObject({ ':path': '/app' });
  expect([head?.flags, head?.priority]).toEqual([endStream | endHeaders | hasPriority, priority]);
  expect(app.got('priority').map(({ id }) => id)).toEqual([3]);
  expect(app.got('priorityUpdate').map(({ payload: said }) => number(said))).toEqual([3]);
});

it('trap 9: the client gets its window back for diverted data, on the connection also after the end and for dropped data', async () => {
  await using made = await frameShop({ isWhole: false });
  const { client } = made;
  const dev = await made.dev.peer();
  const app = await made.app.peer();
  const piece = Buffer.alloc(10_000, 'u');

  for (let at = 0; at < 6; at += 1) client.send(dataFrames(1, piece, at === 5));
  await dev.bytes(1, 60_000);
  await until(() => sum(client.got('windowUpdate', 0)) >= 60_000 - 16_384, 'the connection is given back');
  const ofStream = sum(client.got('windowUpdate', 1));
  client.ask(3, '/dropped', { 'x-user': 'ada' }, false);
  await dev.frame('headers', 3);
  dev.send(rstStream(3, errorCode.cancel));
  await client.frame('rstStream', 3);
  const before = sum(client.got('windowUpdate', 0));
  for (let at = 0; at < 3; at += 1) client.send(dataFrames(3, piece, at === 2));

  await until(() => sum(client.got('windowUpdate', 0)) - before >= 30_000 - 16_384, 'dropped data is given back');
  expect(ofStream).toBeGreaterThan(0);
  expect(ofStream).toBeLessThanOrEqual(60_000);
  expect(client.got('windowUpdate', 3)).toEqual([]);
  expect(app.got('data')).toEqual([]);
});

it('trap 10: fields that cannot be decoded end a routed connection, and make another one opaque', async () => {
  await using made = await frameShop();
  const nonsense = frame(frameType.headers, endStream | endHeaders, 3, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]));
  const { client } = made;
  const other = await FramePeer.connect(made.port.port);
  other.ask(1, '/app');
  const app = await made.app.peer(1);
  await app.frame('headers', 1);

  client.send(nonsense);
  const told = await client.frame('goAway');
  other.send(nonsense).ask(5, '/later', { 'x-user': 'ada' });

  expect(told.payload.readUInt32BE(4)).toBe(errorCode.compressionError);
  await until(() => client.isClosed, 'the connection is closed');
  const { bytesWritten } = other.socket;
  await until(() => app.socket.bytesRead === bytesWritten, 'the app has every byte of what nobody understands');
  expect((await made.dev.peer()).got('headers')).toHaveLength(1);
  other[Symbol.dispose]();
});

it('trap 10: fields without end are not kept', async () => {
  await using made = await frameShop();
  const { client } = made;
  const part = Buffer.alloc(16_384, 'x');

  client.send(frame(frameType.headers, 0, 3, part));
  for (let at = 0; at < 20 && !client.isClosed; at += 1) client.send(frame(frameType.continuation, 0, 3, part));

  await client.frame('goAway');
  await until(() => client.isClosed, 'the connection is closed');
});

it('trap 11: nothing comes before the settings of the app, not even an answer that is there', async () => {
  let connected: Socket | undefined;
  await using slow = await RawParty.start((socket) => {
    connected = socket;
  });
  await using dev = await FrameParty.start();
  await using made = await proxied(slow.port, { routes: personal('mine', 'ada') });
  made.diverter.holders.set('mine', dev.port);
  using client = await FramePeer.connect(made.port.port);
  client.ask(1, '/diverted', { 'x-user': 'ada' });
  const holder = await dev.peer();
  await holder.frame('headers', 1);

  holder.answer(1, 'early');
  await until(() => connected !== undefined && made.diverter.open === 1, 'both are there');
  expect(client.frames).toEqual([]);
  using _app = FramePeer.serve(connected as unknown as Socket);

  expect(String(await client.bytes(1, 5))).toBe('early');
  expect(client.frames[0]?.type).toBe(frameType.settings);
});

it('a client that sends more than it may on a diverted stream loses the stream, and nothing piles up', async () => {
  await using made = await frameShop({ isWhole: false });
  const { client } = made;
  const dev = await made.dev.peer();
  dev.send(settings([setting.initialWindowSize, 0]));
  await until(() => dev.got('settings').length > 1, 'the agent heard of it');

  for (let at = 0; at < 20; at += 1) client.send(dataFrames(1, Buffer.alloc(16_000), false));

  expect(number((await client.frame('rstStream', 1)).payload)).toBe(errorCode.flowControlError);
  expect(number((await dev.frame('rstStream', 1)).payload)).toBe(errorCode.flowControlError);
});
