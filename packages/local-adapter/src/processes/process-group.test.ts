import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { ProcessGroup } from './process-group.ts';
import { Watchdog } from './watchdog.ts';

let watchdog: Watchdog;
let lines: string[];

beforeEach(async () => {
  watchdog = await Watchdog.start();
  lines = [];
});

afterEach(() => watchdog[Symbol.asyncDispose]());

function run(script: string, environment: Record<string, string> = {}): ProcessGroup {
  return ProcessGroup.start(
    {
      command: [process.execPath, '-e', script],
      directory: tmpdir(),
      environment,
      onLine: (stream, line) => lines.push(`${stream}: ${line}`),
    },
    watchdog,
  );
}

async function until(condition: () => boolean, limitMs = 5_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms; lines: ${lines.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('tells the output line by line, the last one without a line break too', async () => {
  const group = run('process.stdout.write("a\\nb\\r\\nc"); console.error("e")');

  expect(await group.ended).toEqual({ code: 0, signal: undefined });
  expect(lines.filter((line) => line.startsWith('stdout'))).toEqual(['stdout: a', 'stdout: b', 'stdout: c']);
  expect(lines).toContain('stderr: e');
});

it('gives exactly the environment that it was given', async () => {
  await run('console.log(Object.keys(process.env).join())', { ONLY: 'this' }).ended;

  expect(lines).toEqual(['stdout: ONLY']);
});

it('tells why a program could not start', async () => {
  const start = { command: ['no-such-program'], directory: tmpdir(), environment: {}, onLine: () => {} };

  const end = await ProcessGroup.start(start, watchdog).ended;

  expect(end.failure).toMatchObject({ code: 'bad-manifest', message: expect.stringContaining('no-such-program') });
});

it('lets a process end by itself on SIGTERM, and kills one that does not', async () => {
  const polite = run('process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1e6); console.log("up")');
  await until(() => lines.length === 1);
  await polite.stop(5_000);
  expect(await polite.ended).toMatchObject({ code: 7 });

  const stubborn = run('process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6); console.log("up")');
  await until(() => lines.length === 2);
  await stubborn.stop(50);
  expect(await stubborn.ended).toMatchObject({ signal: 'SIGKILL' });
});

it('ends the whole family when the parent process ends', async () => {
  const group = run(
    'const c = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "inherit" }); console.log(c.pid); setTimeout(() => process.exit(), 50)',
  );
  await group.ended;

  const grandchild = Number(lines[0]?.slice('stdout: '.length));
  await until(() => !isAlive(grandchild));
});

it('kills only what was not taken back when it is disposed', async () => {
  const own = await Watchdog.start();
  const children = Array.from({ length: 5 }, () => spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }));
  const pids = children.map(({ pid }) => pid ?? 0);
  const ended = children.map((child) => once(child, 'exit'));
  for (const pid of pids) own.guard(pid);
  for (const pid of [pids[1], pids[4], pids[1], 999_999_999]) own.release(pid ?? 0);

  await own[Symbol.asyncDispose]();
  await Promise.all([ended[0], ended[2], ended[3]]);

  expect(pids.map(isAlive)).toEqual([false, true, false, false, true]);
  for (const index of [1, 4]) children[index]?.kill('SIGKILL');
  await Promise.all(ended);
});

it('leaves no process and no directory behind when this process is killed', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'watchdog-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const state = path.join(directory, 'state');
  mkdirSync(state);
  writeFileSync(path.join(state, 'file'), '');
  const dist = new URL('../../dist/processes/', import.meta.url);
  const owner: ChildProcess = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { ProcessGroup } from ${JSON.stringify(new URL('process-group.js', dist).href)};
       import { Watchdog } from ${JSON.stringify(new URL('watchdog.js', dist).href)};
       const watchdog = await Watchdog.start();
       watchdog.removeLater(${JSON.stringify(state)});
       for (let i = 0; i < 3; i++) {
         const group = ProcessGroup.start({
           command: [process.execPath, '-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6); console.log("up")'],
           directory: '/', environment: {}, onLine: () => console.log(group.pid),
         }, watchdog);
       }`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void owner.kill('SIGKILL'));
  let output = '';
  owner.stdout?.on('data', (chunk) => (output += chunk));
  await until(() => output.trim().split('\n').length === 3);
  const pids = output.trim().split('\n').map(Number);
  expect(pids.every(isAlive)).toBe(true);

  owner.kill('SIGKILL');
  await once(owner, 'exit');

  await until(() => !pids.some(isAlive) && !existsSync(state), 2_000);
});
