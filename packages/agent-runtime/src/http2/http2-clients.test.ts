import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { TapFrameDecoder } from '@fairlead/core';
import { HeaderDecoder } from '@fairlead/tunnel';
import { expect, it } from 'vitest';
import { RawParty } from '../testing/http-party.ts';
import { Http2Client } from '../testing/http2-party.ts';
import { exclusive, personal, proxied, untilFirstBytes } from '../testing/proxied.ts';
import { http2Shop } from '../testing/shop.ts';
import { until } from '../testing/until.ts';
import { frameType } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { preface } from './preface.ts';

const run = promisify(execFile);
const has = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args).status === 0;
const hasCurl = has('curl', '--version') && String(spawnSync('curl', ['--version']).stdout).includes('HTTP2');
const hasH2load = has('h2load', '--version');

it.skipIf(!hasCurl)('serves curl on both sides (needs curl with HTTP/2)', async () => {
  await using made = await http2Shop();
  const ask = async (...args: readonly string[]): Promise<string> =>
    (await run('curl', ['-sS', '--http2-prior-knowledge', '-m', '20', ...args])).stdout;

  const mine = await ask('-H', 'x-user: ada', `http://127.0.0.1:${made.port.port}/mine`);
  const app = await ask('-d', 'body', `http://127.0.0.1:${made.port.port}/app`);

  expect([mine, app]).toEqual(['dev /mine 0', 'app /app 4']);
});

it.skipIf(!hasH2load)('serves h2load on both sides without an error (needs nghttp2-client)', async () => {
  await using made = await http2Shop();
  const load = (...more: readonly string[]): Promise<{ stdout: string }> =>
    run('h2load', ['-n', '300', '-c', '3', '-m', '20', ...more, `http://127.0.0.1:${made.port.port}/x`]);

  const [app, dev] = await Promise.all([load(), load('-H', 'x-user: ada')]);

  for (const { stdout } of [app, dev]) expect(stdout).toContain('300 succeeded, 0 failed, 0 errored');
  expect([made.app.seen.length, made.dev.seen.length]).toEqual([300, 300]);
});

it('copies the streams that a wiretap wants as a connection that can be read by itself', async () => {
  await using made = await http2Shop();
  await made.port.apply({
    ...personal('mine', 'ada'),
    wiretaps: [{ id: 'tap', match: { path: { prefix: '/tapped' } } }],
  });
  using client = new Http2Client(made.port.port);
  const user = { 'x-long': 'kept in the tables of the connection' };
  await client.ask('/before', user);

  await client.ask('/tapped/app', user, 'to the app');
  await client.ask('/tapped/dev', { ...user, 'x-user': 'ada' }, 'to the developer');
  await client.ask('/after', user);
  const [tap] = made.diverter.taps.get('tap') ?? [];
  await until(() => tap?.received.includes('dev /tapped/dev 16') === true, 'the copies are there');

  const copies = { request: [] as Buffer[], response: [] as Buffer[] };
  for (const piece of new TapFrameDecoder().decode(tap?.received ?? Buffer.alloc(0))) {
    if ('bytes' in piece) copies[piece.direction].push(Buffer.from(piece.bytes));
  }
  const requests = Buffer.concat(copies.request);
  expect(requests.subarray(0, preface.length).equals(preface)).toBe(true);
  expect(read(requests.subarray(preface.length))).toEqual([
    `POST /tapped/app ${user['x-long']}`,
    'to the app',
    `POST /tapped/dev ${user['x-long']}`,
    'to the developer',
  ]);
  expect(read(Buffer.concat(copies.response))).toEqual(['200', 'app /tapped/app 10', '200', 'dev /tapped/dev 16']);
});

it('leaves probes of the kubelet to the app on a connection that an intercept of everything wants', async () => {
  await using made = await http2Shop({ limits: untilFirstBytes });
  await made.port.apply(exclusive('mine'));
  using client = new Http2Client(made.port.port);

  const probe = await client.ask('/grpc.health.v1.Health/Check', { 'user-agent': 'kube-probe/1.31' });
  const other = await client.ask('/a');

  expect([probe, other].map(({ body }) => String(body))).toEqual(['app /grpc.health.v1.Health/Check 0', 'dev /a 0']);
});

it('gives a whole connection to the holder when the app does not speak HTTP/2, or is not there', async () => {
  await using made = await http2Shop();
  await using http1 = await RawParty.start((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  for (const port of [http1.port, 1]) {
    await using other = await proxied(port, { routes: exclusive('mine') });
    other.diverter.holders.set('mine', made.dev.port);
    using client = new Http2Client(other.port.port);

    expect(String((await client.ask('/a')).body)).toBe('dev /a 0');
  }
});

/** What the frames of one direction say. */
function read(bytes: Buffer): string[] {
  const reader = new FrameReader();
  const decoder = new HeaderDecoder();
  const said: string[] = [];
  reader.push(bytes);
  while (reader.next()) {
    if (reader.type === frameType.headers) {
      const fields = new Map(decoder.read(reader.block()).map(({ name, value }) => [name, value]));
      const values = [':status', ':method', ':path', 'x-long'].map((name) => fields.get(name));
      said.push(values.filter((value) => value !== undefined).join(' '));
    } else if (reader.type === frameType.data && reader.payload().length > 0) said.push(String(reader.payload()));
  }
  return said;
}
