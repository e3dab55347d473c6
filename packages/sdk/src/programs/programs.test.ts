import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { SessionLab } from '../testing/session-lab.ts';
import { programEnvironment } from './program-environment.ts';
import type { RunOptions } from './run-options.ts';
import type { RunningProgram } from './running-program.ts';

const environment = {
  container: 'app',
  variables: { COLOUR: 'blue', PATH: '/app/bin', LINES: "a\nb'$(c)" },
  withheld: [],
  excluded: 0,
  mounts: [],
};
const node = process.execPath;
/** Says that it runs, and then does nothing that would end it. */
const idle = 'console.log("up"); setInterval(() => {}, 1000)';

async function active() {
  const lab = await SessionLab.start();
  lab.relay.environment = environment;
  const session = await lab.connect();
  return { lab, session, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

async function started(script: string, options: RunOptions = {}) {
  const made = await active();
  const intercept = await made.session.intercept({ workload: 'cart', to: 3000 });
  const program = await intercept.run([node, '-e', script], { stdio: 'pipe', ...options });
  return { ...made, intercept, program };
}

/** The first that the program says. */
async function up({ stdout }: RunningProgram): Promise<string> {
  if (!stdout) throw new Error('the program has no pipes');
  const [said] = (await once(stdout, 'data')) as [Buffer];
  return said.toString();
}

/** All that it says until it ends. */
async function all({ stdout }: RunningProgram): Promise<string> {
  if (!stdout) throw new Error('the program has no pipes');
  return await text(stdout);
}

/** Whether there is such a process. */
function isThere(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a program's environment", () => {
  it("is this process's, above it the pod's but for what tells about the machine, above all what was asked for", () => {
    const local = { PATH: '/bin', HOME: '/home/ada', MODE: 'local', ONLY: 'here' };
    const pod = { PATH: '/app', HOME: '/app', MODE: 'blue', KEY: 'k', GONE: 'x' };

    expect(programEnvironment({ local, pod, port: 3000, own: { KEY: 'mine', GONE: undefined } })).toEqual({
      PATH: '/bin',
      HOME: '/home/ada',
      MODE: 'blue',
      ONLY: 'here',
      KEY: 'mine',
      PORT: '3000',
    });
  });

  it.each([
    ['this process', { local: { PORT: '1' } }],
    ['the pod', { pod: { PORT: '1' } }],
    ['who asks', { own: { PORT: '1' } }],
  ])('has the PORT that %s says', (_who, said) => {
    expect(programEnvironment({ local: {}, pod: {}, own: {}, port: 3000, ...said }).PORT).toBe('1');
  });
});

describe('intercept.run()', () => {
  it("starts a program with the pod's environment, in the directory that is named", async () => {
    const script = 'console.log(JSON.stringify([process.env, process.cwd()]))';
    await using made = await started(script, { cwd: tmpdir(), environment: { MINE: 'yes' } });

    const [seen, cwd] = JSON.parse(await all(made.program));

    expect(await made.program.exited).toEqual({ status: 0, signal: undefined });
    expect(cwd).toBe(realpathSync(tmpdir()));
    expect(seen).toMatchObject({ COLOUR: 'blue', LINES: "a\nb'$(c)", MINE: 'yes', FAIRLEAD_CONTAINER: 'app' });
    expect(seen.PATH).toBe(process.env.PATH);
  });

  it("starts one without asking for the pod's environment", async () => {
    await using made = await started('console.log(process.env.COLOUR)', { podEnvironment: false });

    expect(await all(made.program)).toBe('undefined\n');
    expect(made.lab.relay.askedEnvironments).toEqual([]);
  });

  it('tells the status, and the signal that ended it', async () => {
    await using failing = await started('process.exit(7)');
    await using idling = await started(idle);
    await up(idling.program);
    idling.program.kill('SIGINT');

    expect(await failing.program.exited).toEqual({ status: 7, signal: undefined });
    expect(await idling.program.exited).toEqual({ status: 130, signal: 'SIGINT' });
  });

  it('says why a program could not be started', async () => {
    await using made = await active();
    const intercept = await made.session.intercept({ workload: 'cart', to: 3000 });

    await expect(intercept.run(['no-such-program'])).rejects.toMatchObject({ code: 'bad-request' });
    await expect(intercept.run([])).rejects.toMatchObject({ code: 'bad-request' });
    await expect(intercept.run([node], { cwd: '/nowhere' })).rejects.toThrow(/could not be started in \/nowhere/);
  });

  it('asks a program to end, and makes it end with all that it has started', async () => {
    const stubborn = `
      process.on('SIGTERM', () => {});
      process.on('SIGINT', () => {});
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      console.log(child.pid);
      setInterval(() => {}, 1000);
    `;
    await using made = await started(stubborn, { graceMs: 100 });
    const pid = Number(await up(made.program));

    await made.program.stop({ signal: 'SIGINT' });

    expect(await made.program.exited).toEqual({ status: 137, signal: 'SIGKILL' });
    await expect.poll(() => isThere(pid)).toBe(false);
  });

  it('ends the program with the intercept, and with the signal', async () => {
    await using left = await started(idle);
    await left.intercept.leave();
    expect(await left.program.exited).toMatchObject({ signal: 'SIGTERM' });
    await expect(left.intercept.run([node])).rejects.toMatchObject({ code: 'closed' });

    const stop = new AbortController();
    await using aborted = await started(idle, { signal: stop.signal });
    stop.abort();
    expect(await aborted.program.exited).toMatchObject({ signal: 'SIGTERM' });
  });

  it('ends the program when the session is lost', async () => {
    await using made = await started(idle);

    made.lab.relay.current.tell({ type: 'ended', reason: 'replaced' });

    expect(await made.program.exited).toMatchObject({ signal: 'SIGTERM' });
  });
});

describe('session.run()', () => {
  it('takes traffic over for a program, and gives it back when that ends', async () => {
    await using made = await active();
    const options = { intercept: { workload: 'cart', to: 3000, name: 'price' }, stdio: 'pipe' } as const;

    const running = await made.session.run([node, '-e', idle], options);
    expect((await made.session.list()).map(({ name }) => name)).toEqual(['price']);
    running.program.kill();

    expect(await running.finished).toEqual({ status: 143, signal: 'SIGTERM' });
    expect(running.intercept.phase).toBe('released');
    expect(await made.session.list()).toEqual([]);
  });

  it('ends both when it is disposed, or when its part of the session is closed', async () => {
    await using made = await active();
    const child = made.session.child();
    const options = { intercept: { workload: 'cart', to: 3000 }, stdio: 'pipe' } as const;
    const first = await made.session.run([node, '-e', idle], options);
    const second = await child.run([node, '-e', idle], options);

    await first[Symbol.asyncDispose]();
    await child.close();

    expect(await first.finished).toMatchObject({ signal: 'SIGTERM' });
    expect(await second.finished).toMatchObject({ signal: 'SIGTERM' });
    expect(await made.session.list()).toEqual([]);
  });

  it('leaves nothing behind when the program cannot be started', async () => {
    await using made = await active();

    const running = made.session.run(['no-such-program'], { intercept: { workload: 'cart', to: 3000 } });

    await expect(running).rejects.toMatchObject({ code: 'bad-request' });
    expect(await made.session.list()).toEqual([]);
  });
});
