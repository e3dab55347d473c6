import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { aConfig, aConnection, freePort } from './testing/an-agent.ts';
import { HttpParty } from './testing/http-party.ts';
import { get, RawClient } from './testing/raw-client.ts';
import { ScriptedRelay } from './testing/scripted-relay.ts';
import { until } from './testing/until.ts';

const directory = mkdtempSync(join(tmpdir(), 'agent-main-'));
const program = join(directory, 'agent.mjs');

beforeAll(() => {
  const script = fileURLToPath(new URL('../../../scripts/bundle-agent.mjs', import.meta.url));
  execFileSync(process.execPath, [script, directory]);
}, 30_000);

afterAll(() => rmSync(directory, { recursive: true }));

/** A real process of the agent in front of an app. */
async function started(environment: Record<string, string> = {}) {
  const app = await HttpParty.start('app', ({ url }, response) => {
    if (url !== '/slow') return false;
    held.push(() => response.end('at last'));
    return true;
  });
  const held: (() => void)[] = [];
  const relay = await ScriptedRelay.start();
  const [agentPort, healthPort] = [await freePort(), await freePort()];
  const file = join(directory, `config-${agentPort}.yaml`);
  writeFileSync(file, JSON.stringify(aConfig(relay.port, [aConnection(agentPort, app.port)])));
  writeFileSync(join(directory, 'token'), 'secret');
  const child = spawn(process.execPath, [program, 'agent'], {
    env: {
      FAIRLEAD_AGENT_CONFIG: file,
      FAIRLEAD_AGENT_TOKEN: join(directory, 'token'),
      _TEL_AGENT_POD_NAME: 'cart-1',
      _TEL_AGENT_POD_UID: 'uid-1',
      _TEL_AGENT_POD_IP: '127.0.0.1',
      _TEL_AGENT_HEALTH_PORT: String(healthPort),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let log = '';
  child.stdout.on('data', (bytes: Buffer) => (log += bytes.toString()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    for (const part of [relay, app]) await part[Symbol.asyncDispose]();
  });
  const readiness = async (): Promise<number> =>
    fetch(`http://127.0.0.1:${healthPort}/ready`).then(
      ({ status }) => status,
      () => 0,
    );
  return { app, relay, child, agentPort, held, readiness, log: () => log };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

it('serves when it says that it is ready', async () => {
  const readyFile = join(directory, 'ready');
  const { relay, agentPort, readiness } = await started({ FAIRLEAD_AGENT_READY_FILE: readyFile });
  await until(async () => (await readiness()) === 200, 'the agent is ready', 20_000);

  using client = await RawClient.connect(agentPort);

  expect((await client.ask(get('/1'))).body).toBe('app GET /1');
  expect((await relay.link()).hello.token).toBe('secret');
  expect(existsSync(readyFile)).toBe(true);
}, 30_000);

it('lets what is under way end after SIGTERM, accepts nothing new, and exits with 0', async () => {
  const { child, agentPort, held, readiness, log } = await started();
  await until(async () => (await readiness()) === 200, 'the agent is ready', 20_000);
  using busy = await RawClient.connect(agentPort);
  using idle = await RawClient.connect(agentPort);
  await idle.ask(get('/1'));
  busy.send(get('/slow'));
  await until(() => held.length === 1, 'the app has the request');

  child.kill('SIGTERM');
  expect(await idle.ended()).toBe('ended');
  expect(await readiness()).toBe(503);
  await expect(RawClient.connect(agentPort)).rejects.toThrow('ECONNREFUSED');
  held[0]?.();

  expect((await busy.answer()).body).toBe('at last');
  expect(await exitCode(child)).toBe(0);
  expect(log()).toContain('"msg":"draining"');
}, 30_000);

it.each([
  ['the time that it has', { _TEL_AGENT_DRAIN_MS: '100' }, false],
  ['a second SIGTERM', {}, true],
])(
  'cuts what does not end within %s, and still exits with 0',
  async (_what, environment, isTwice) => {
    const { child, agentPort, held, readiness, log } = await started(environment);
    await until(async () => (await readiness()) === 200, 'the agent is ready', 20_000);
    using busy = await RawClient.connect(agentPort);
    busy.send(get('/slow'));
    await until(() => held.length === 1, 'the app has the request');

    child.kill('SIGTERM');
    await until(() => log().includes('"msg":"draining"'), 'the agent drains');
    if (isTwice) child.kill('SIGTERM');

    expect(await busy.ended()).toBe('reset');
    expect(await exitCode(child)).toBe(0);
  },
  30_000,
);

it('exits with 1 and says all that is wrong when it cannot start', async () => {
  const { child, log } = await started({ _TEL_AGENT_POD_NAME: '', _TEL_AGENT_HEALTH_PORT: 'x' });

  expect(await exitCode(child)).toBe(1);
  const [line] = log().trim().split('\n');
  expect(JSON.parse(line ?? '')).toMatchObject({
    level: 'error',
    error: { message: expect.stringMatching(/POD_NAME is not set.*HEALTH_PORT is "x"/) },
  });
}, 30_000);

it('loads neither HTTP nor TLS while it is idle: they cost more memory than all else', async () => {
  const names = '["http","https","http2","tls","_http_common"].map((name) => "NativeModule " + name)';
  const tell = `process.on("SIGUSR2",()=>console.log("loaded",process.moduleLoadList.filter((name)=>${names}.includes(name))))`;
  const preload = `--import=data:text/javascript,${encodeURIComponent(tell)}`;
  const { child, agentPort, log, readiness } = await started({ NODE_OPTIONS: preload });
  await until(async () => (await readiness()) === 200, 'the agent is ready', 20_000);
  using client = await RawClient.connect(agentPort);
  await client.ask(get('/1'));

  child.kill('SIGUSR2');
  await until(() => log().includes('loaded'), 'it tells');

  expect(log()).toContain('loaded []');
}, 30_000);

it('loads the engine of regexes when a match has one', async () => {
  const { relay, agentPort, readiness } = await started();
  await until(async () => (await readiness()) === 200, 'the agent is ready', 20_000);
  const match = { path: { regex: '^/orders/[0-9]+$' } };
  const intercepts = [{ id: 'shop/mine', match, toggle: 'drain' as const, includeProbes: false }];
  const ports = [{ agentPort, protocol: 'TCP' as const, intercepts, wiretaps: [] }];

  expect(await relay.assign({ epoch: 1, ports })).toMatchObject({ type: 'ack' });
  using client = await RawClient.connect(agentPort);
  expect((await client.ask(get('/orders/new'))).body).toBe('app GET /orders/new');
  client.send(get('/orders/17'));

  expect((await relay.stream(0)).metadata).toMatchObject({ kind: 'divert', intercept: 'shop/mine' });
}, 30_000);
