import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopManifest } from './shop.ts';
import { until } from './until.ts';

const main = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fairlead-e2e-'));
const socket = join(folder, 'cluster.sock');
let up: ChildProcess;
let cartUrl: string;
let server: Server;
let local: string;

interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const finished = once(child, 'close').then(([status]): Finished => ({ status, stdout, stderr }));
  return { child, finished, stdout: () => stdout, stderr: () => stderr };
}

const run = (...args: string[]): Promise<Finished> => start([...args, '--local', socket]).finished;

beforeAll(async () => {
  server = createServer((_request, response) => response.end('my own server')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  local = String((server.address() as AddressInfo).port);
  const started = start(['local', 'up', '-f', shopManifest, '--socket', socket, '-o', 'json']);
  up = started.child;
  const document = await until(
    async () => started.stdout() || (up.exitCode === null ? '' : `{"failed": ${JSON.stringify(started.stderr())}}`),
    (shown) => shown.trimEnd().endsWith('}'),
    60_000,
  );
  const { services } = JSON.parse(document);
  const http = services.find(
    (each: { service: string; port: string }) => each.service === 'cart' && each.port === 'http',
  );
  cartUrl = `http://${http.host}:${http.number}/cart`;
}, 70_000);

afterAll(async () => {
  server.close();
  up.kill('SIGTERM');
  const [status] = await once(up, 'close');
  rmSync(folder, { recursive: true });
  expect(status).toBe(0);
}, 30_000);

/** Each time on a connection of its own: those that are open stay where they are when an exclusive intercept starts. */
async function ask(): Promise<string> {
  const [response] = await once(get(cartUrl, { agent: false, headers: { 'x-user': 'ada' } }), 'response');
  return await text(response);
}

const header = ['--header', 'x-user=ada'];

describe('fairlead with --local', () => {
  it('lists what can be intercepted as one JSON document, and reports its status', async () => {
    const listed = await run('list', '-o', 'json');
    const status = await run('status', '-o', 'json');

    expect(JSON.parse(listed.stdout).workloads.map((each: { name: string }) => each.name)).toEqual([
      'cart',
      'orders',
      'web',
    ]);
    expect(JSON.parse(status.stdout)).toMatchObject({ cluster: 'local', problems: [], workloads: 3 });
  });

  it('intercepts for as long as a command runs, and ends with its exit status', async () => {
    const script = `fetch('${cartUrl}', { headers: { 'x-user': 'ada' } })
      .then((response) => response.text())
      .then((text) => process.exit(text === 'my own server' ? 7 : 1))`;
    const target = ['--port', `http:${local}`, ...header, '--local', socket];
    const { status, stderr } = await start([
      'intercept',
      'deployment/cart',
      ...target,
      '--',
      process.execPath,
      '-e',
      script,
    ]).finished;

    expect(stderr).toContain('is active');
    expect(status).toBe(7);
    expect(await ask()).toContain('anchors');
  });

  it('refuses what is taken with exit status 5, lets others free it, and ends on SIGINT', async () => {
    const first = start(['intercept', 'cart', '--port', `http:${local}`, '--local', socket]);
    await until(
      async () => first.stderr(),
      (shown) => shown.includes('is active'),
      30_000,
    );
    expect(await ask()).toBe('my own server');

    const second = await run('intercept', 'cart', '--port', `http:${local}`, '-o', 'json');
    const { error } = JSON.parse(second.stdout);
    expect(second.status).toBe(5);
    expect(error).toMatchObject({ code: 'conflict', holder: { intercept: expect.stringMatching(/^cart-/) } });

    first.child.kill('SIGINT');
    expect((await first.finished).status).toBe(0);
    expect(await ask()).toContain('anchors');
  });

  it('tells a program line by line what a wiretap sees', async () => {
    const tap = start(['wiretap', 'cart', '--port', 'http', '--limit', '2', '-o', 'json-stream', '--local', socket]);
    await until(
      async () => tap.stdout(),
      (shown) => shown.includes('"active"'),
      30_000,
    );
    await Promise.all([ask(), ask()]);

    const { status, stdout } = await tap.finished;
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

    expect(lines.filter(({ type }) => type === 'exchange')).toMatchObject(
      [1, 2].map((number) => ({ v: 1, number, method: 'GET', status: 200, servedBy: 'app' })),
    );
    expect(lines.at(-1)).toMatchObject({ type: 'end', status: 0 });
    expect(status).toBe(0);
  });

  it('leaves an intercept of another process by name', async () => {
    const first = start(['intercept', 'cart', '--port', `http:${local}`, ...header, '--local', socket]);
    await until(
      async () => first.stderr(),
      (shown) => shown.includes('is active'),
      30_000,
    );
    const { workloads } = JSON.parse((await run('list', '-o', 'json')).stdout);
    const [{ name }] = workloads[0].intercepts;

    const left = await run('leave', name);

    expect(left).toMatchObject({ status: 0, stdout: `left ${name}\n` });
    expect(await until(ask, (answer) => answer.includes('anchors'), 10_000)).toContain('anchors');
    expect((await first.finished).status).not.toBe(0);
  });

  it('frees the intercepts of a killed process within its lease of 15 s, and not before (cases 37, 38)', async () => {
    const taking = ['intercept', 'cart', '--port', `http:${local}`, '--local', socket];
    const doomed = start(taking);
    await until(
      async () => doomed.stderr(),
      (shown) => shown.includes('is active'),
      30_000,
    );

    doomed.child.kill('SIGKILL');
    await doomed.finished;
    expect(await ask()).toContain('anchors');
    const names = async (): Promise<number> =>
      JSON.parse((await run('list', '-o', 'json')).stdout).workloads[0].intercepts.length;

    const tooEarly = start([...taking, '-o', 'json']);
    await tooEarly.finished;
    expect(JSON.parse(tooEarly.stdout()).error).toMatchObject({ code: 'conflict' });
    await until(names, (count) => count === 0, 17_000);
    const next = await start([...taking, '--', process.execPath, '-e', '']).finished;

    expect(next).toMatchObject({ status: 0, stderr: expect.stringContaining('is active') });
    expect(await names()).toBe(0);
  }, 60_000);

  it('says that nothing runs where nothing does, with exit status 4', async () => {
    const { status, stderr } = await start(['list', '--local', join(folder, 'nothing.sock')]).finished;

    expect(status).toBe(4);
    expect(stderr).toContain('fairlead local up');
  });
});
