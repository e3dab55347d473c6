import { spawn, spawnSync } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { TapFrameDecoder } from '@fairlead/core';
import { HeaderDecoder } from '@fairlead/tunnel';
import { expect, it } from 'vitest';
import { blockOf, request } from '../testing/frame-peer.ts';
import { personal } from '../testing/proxied.ts';
import { frameShop, http2Shop } from '../testing/shop.ts';
import { until } from '../testing/until.ts';
import { ack, dataFrames, errorCode, frame, frameType, headersFrames, setting, settings } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { preface } from './preface.ts';

const halfCloser = 'socat';
const hasSocat = spawnSync(halfCloser, ['-V']).status === 0;
const ada = { 'x-user': 'ada' };

it('a client that sends no more still gets the answers to what it has asked, of both sides', async () => {
  await using made = await frameShop();
  const { client } = made;
  const app = await made.app.peer();
  const dev = await made.dev.peer();
  client.ask(3, '/app').ask(5, '/mine', ada);
  await dev.frame('headers', 3);
  await app.frame('headers', 3);

  client.socket.end();
  await until(() => app.isClosed, 'the app has heard of the end');
  app.answer(3, 'of the app');
  dev.answer(1, 'first').answer(3, 'second');
  app.socket.end();

  expect(String(await client.bytes(3, 10))).toBe('of the app');
  expect([String(await client.bytes(1, 5)), String(await client.bytes(5, 6))]).toEqual(['first', 'second']);
  expect(dev.got('rstStream')).toEqual([]);
  await until(() => client.isClosed, 'the connection ends when all is answered');
});

it('an app that closes because the client sends no more loses its own streams only', async () => {
  await using made = await frameShop();
  const { client } = made;
  const app = await made.app.peer();
  client.ask(3, '/app');
  await app.frame('headers', 3);

  client.socket.end();
  await until(() => app.isClosed, 'the app has heard of the end');
  app.socket.end();
  await client.frame('rstStream', 3);
  (await made.dev.peer()).answer(1, 'late');

  expect(String(await client.bytes(1, 4))).toBe('late');
  await until(() => client.isClosed, 'the connection ends when all is answered');
});

it('what such a client did not finish is cancelled, and so is an answer that it cannot make room for', async () => {
  await using made = await frameShop({ client: [[setting.initialWindowSize, 100]] });
  const { client } = made;
  const dev = await made.dev.peer();
  client.ask(3, '/unfinished', ada, false);
  await dev.frame('headers', 3);

  client.socket.end();
  await dev.frame('rstStream', 3);
  dev.answer(1, 'x'.repeat(150));

  expect((await dev.frame('rstStream', 1)).payload.readUInt32BE(0)).toBe(errorCode.cancel);
  await client.frame('rstStream', 1);
  expect(client.data(1)).toHaveLength(100);
});

it('a client that has gone is found out before there is an answer, and wiretaps know who had its request', async () => {
  await using made = await frameShop({ routes: { ...personal('mine', 'ada'), wiretaps: [{ id: 'tap' }] } });
  const dev = await made.dev.peer();

  made.client.socket.destroy();

  await until(() => dev.isClosed || dev.got('rstStream', 1).length > 0, 'the developer has heard of it');
  const [tap] = made.diverter.taps.get('tap') ?? [];
  const served = (): unknown[] =>
    new TapFrameDecoder().decode(tap?.received ?? Buffer.alloc(0)).filter((piece) => 'servedBy' in piece);
  await until(() => served().length > 0, 'the wiretap was told');
  expect(served()).toEqual([{ servedBy: 'mine' }]);
});

it.skipIf(!hasSocat)('serves socat, which closes its side when it has sent everything (needs socat)', async () => {
  await using made = await http2Shop({
    dev: (stream) => {
      stream.resume().on('end', () => {
        stream.respond({ ':status': 200 });
        stream.end('late');
      });
      return true;
    },
  });
  const socat = spawn(halfCloser, ['-t', '10', '-', `TCP:127.0.0.1:${made.port.port}`]);
  const asked = blockOf({ ...request('/'), ...ada, ':method': 'POST' });
  socat.stdin.end(
    Buffer.concat([
      preface,
      settings(),
      frame(frameType.settings, ack, 0),
      headersFrames(1, asked, false),
      dataFrames(1, Buffer.from('everything'), true),
    ]),
  );

  const reader = new FrameReader();
  const decoder = new HeaderDecoder();
  const said: string[] = [];
  reader.push(await buffer(socat.stdout));
  while (reader.next()) {
    if (reader.type === frameType.headers) said.push(decoder.read(reader.block())[0]?.value ?? '');
    else if (reader.type === frameType.data && reader.payload().length > 0) said.push(String(reader.payload()));
  }

  expect(said).toEqual(['200', 'late']);
});
