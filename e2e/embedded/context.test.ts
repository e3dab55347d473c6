import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningShop, type Started } from './running-shop.ts';
import { until } from './until.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** Tells on its port what it has in its environment, and ends as it is asked. */
const server = `
  const { createServer } = require('node:http');
  createServer((q, r) => r.end(JSON.stringify(process.env))).listen(process.env.PORT, '127.0.0.1', () => console.log('serving'));
  process.on('SIGTERM', () => process.exit(21));
  process.on('SIGINT', () => process.exit(22));
`;

let shop: RunningShop;

beforeAll(async () => {
  shop = await RunningShop.start(here('two-containers.yaml'));
}, 70_000);

afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
}, 30_000);

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return String(port);
}

async function says({ stdout, stderr }: Pick<Started, 'stdout' | 'stderr'>, text: string): Promise<void> {
  await until(
    async () => stdout() + stderr(),
    (all) => all.includes(text),
    30_000,
  );
}

/** What the cluster's callers get. */
async function ask(port = 'http'): Promise<string> {
  return await (await fetch(shop.url('duo', port), { headers: { connection: 'close' } })).text();
}

describe('the environment of an intercepted container', () => {
  it('goes to files, in every syntax, and what stays in the pod is named', async () => {
    const [docker, sh, json] = ['docker.env', 'env.sh', 'env.json'].map((name) => join(shop.folder, name));
    const first = shop.hold(
      'intercept',
      'duo',
      '--port',
      'http',
      '--to',
      '9',
      '--env-save',
      `${docker}`,
      '--env-json',
      `${json}`,
    );
    await says(first, 'Ctrl-C');
    const environment = JSON.parse(readFileSync(`${json}`, 'utf8'));
    const second = shop.hold(
      'intercept',
      'duo',
      '--port',
      'admin',
      '--to',
      '9',
      '--env-container',
      'front',
      '--env-save',
      `${sh}`,
      '--env-syntax',
      'sh',
    );
    await says(second, 'Ctrl-C');
    const sourced = execFileSync('/bin/sh', ['-c', '. "$0"; exec env -0', `${sh}`], {
      env: { PATH: process.env.PATH ?? '' },
      encoding: 'utf8',
    });
    first.stop();
    second.stop();
    const { stderr } = await first.finished;
    await second.finished;

    const text = 'first line\n\'second\' "line" $HOME $(nobody)\n';
    expect(environment).toMatchObject({
      COLOUR: 'blue',
      TEXT: text,
      ROLE: 'front of blue',
      KEY_TOKEN: 'classified-token',
      POD: expect.stringMatching(/^duo-/),
      DUO_SERVICE_PORT_ADMIN: '81',
      FAIRLEAD_CONTAINER: 'front',
      FAIRLEAD_INTERCEPT_ID: expect.stringMatching(/^default\/duo-/),
    });
    for (const name of ['DB_PASSWORD', 'DB_URL', 'KEY_PASSWORD', 'INTERNAL_ID', 'PATH', 'NODE_OPTIONS']) {
      expect(environment).not.toHaveProperty(name);
    }
    expect(stderr).toContain('3 from Secrets withheld: DB_PASSWORD, DB_URL, KEY_PASSWORD');
    expect(stderr).toContain('fairlead.dev/allowed-secret-variables');
    expect(stderr).toContain('1 excluded');
    expect(stderr).toContain('without TEXT: a value with a line break');
    expect(readFileSync(`${docker}`, 'utf8')).toMatch(/^COLOUR=blue$/m);
    expect(sourced.split('\0')).toContain(`TEXT=${text}`);
    expect((statSync(`${docker}`).mode & 0o777).toString(8)).toBe('600');
    expect(stderr + readFileSync(`${docker}`, 'utf8')).not.toContain('classified-password');
  });

  it('is that of the port, or of the container that is named', async () => {
    const json = join(shop.folder, 'back.json');
    const held = shop.hold('intercept', 'duo', '--port', 'admin', '--to', '9', '--env-json', json);
    await says(held, 'Ctrl-C');
    held.stop();
    await held.finished;

    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({
      ROLE: 'back',
      FAIRLEAD_CONTAINER: 'back',
      FAIRLEAD_MOUNTS: '/data:/cache',
    });
  });

  it('is not given for a container that the pod does not have', async () => {
    const { status, stderr } = await shop.run(
      'intercept',
      'duo',
      '--port',
      'http',
      '--to',
      '9',
      '--env-container',
      'nobody',
      '--env-json',
      '/dev/null',
    );

    expect(status).toBe(2);
    expect(stderr).toContain('no container nobody, it knows front, back');
  });
});

describe('a program behind --', () => {
  it("has the pod's environment, answers the cluster's traffic, and gives it back with its exit status", async () => {
    const port = await freePort();
    const args = [
      'intercept',
      'duo',
      '--port',
      `http:${port}`,
      '--cwd',
      shop.folder,
      '--',
      process.execPath,
      '-e',
      server,
    ];
    const { child, finished, stdout, stderr } = shop.beginIn(
      { env: { ...process.env, LOCAL: 'yes', PORT: undefined } },
      ...args,
    );
    await says({ stdout, stderr }, 'serving');

    const seen = JSON.parse(await ask());
    expect(seen).toMatchObject({
      COLOUR: 'blue',
      ROLE: 'front of blue',
      LOCAL: 'yes',
      PORT: port,
      PATH: process.env.PATH,
    });
    expect(seen.DB_PASSWORD).toBeUndefined();

    child.kill('SIGINT');
    expect((await finished).status).toBe(22);
    expect(await ask()).toBe('the pod');
  });

  it('ends the intercept with itself', async () => {
    const { finished } = shop.begin(
      'intercept',
      'duo',
      '--port',
      'http:9',
      '--no-env',
      '--',
      process.execPath,
      '-e',
      'process.exit(process.env.COLOUR ? 8 : 7)',
    );

    expect((await finished).status).toBe(7);
    expect(
      JSON.parse((await shop.run('list', '-o', 'json')).stdout).workloads.flatMap(
        (each: { intercepts: object[] }) => each.intercepts,
      ),
    ).toEqual([]);
  });

  it('is ended when the intercept is taken away', async () => {
    const port = await freePort();
    const started = shop.begin('intercept', 'duo', '--port', `http:${port}`, '--', process.execPath, '-e', server);
    await says(started, 'serving');

    await shop.run('leave', '--all');

    expect((await started.finished).status).not.toBe(0);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });
});

describe('--docker-run', () => {
  const notes = (): string => join(shop.folder, 'docker-notes');
  const noted = (): readonly { args: string[]; environment?: Record<string, string>; mode?: string }[] =>
    readFileSync(notes(), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  function withDocker() {
    const bin = join(shop.folder, 'bin');
    mkdirSync(bin, { recursive: true });
    const program = `#!/bin/sh\nexec '${process.execPath}' '${here('fake-docker.mjs')}' "$@"\n`;
    writeFileSync(join(bin, 'docker'), program, { mode: 0o700 });
    return { env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, FAKE_DOCKER_NOTES: notes() } };
  }

  it('runs a container with the environment, line breaks and all, and leaves no file of it behind', async () => {
    const port = await freePort();
    const started = shop.beginIn(
      withDocker(),
      'intercept',
      'duo',
      '--port',
      `http:${port}`,
      '--docker-run',
      '--',
      '--cpus',
      '1',
      'duo:dev',
    );
    const seen = JSON.parse(
      await until(
        () => ask().catch(String),
        (answer) => answer.startsWith('{'),
        30_000,
      ),
    );
    started.child.kill('SIGTERM');

    expect((await started.finished).status).toBe(3);
    const [{ args, mode } = { args: [] }, ...others] = noted();
    const [name = '', file = ''] = ['--name', '--env-file'].map((option) => args[args.indexOf(option) + 1]);
    expect(seen).toMatchObject({ COLOUR: 'blue', TEXT: expect.stringContaining('first line\n'), PORT: '8080' });
    expect(name).toMatch(/^fairlead-duo-/);
    expect(args).toEqual([
      'run',
      '--rm',
      '--name',
      name,
      '--env-file',
      file,
      '--env',
      'TEXT',
      '--publish',
      `127.0.0.1:${port}:8080`,
      '--cpus',
      '1',
      'duo:dev',
    ]);
    expect(mode).toBe('600');
    expect(existsSync(file)).toBe(false);
    expect(others).toEqual([]);
  });

  it('removes a container whose client had to be killed, and the file of its environment', async () => {
    const port = await freePort();
    const options = withDocker();
    const args = ['intercept', 'duo', '--port', `http:${port}`, '--docker-run', '--', 'duo:dev', 'stubborn'];
    const { child, finished } = shop.beginIn(options, ...args);
    await until(
      () => ask().catch(String),
      (answer) => answer.startsWith('{'),
      30_000,
    );
    child.kill('SIGTERM');
    child.kill('SIGINT');

    expect((await finished).status).toBe(130);
    const [ran, removed] = noted().slice(-2);
    const [name = '', file = ''] = ['--name', '--env-file'].map((option) => ran?.args[ran.args.indexOf(option) + 1]);
    expect(removed?.args).toEqual(['rm', '--force', name]);
    expect(existsSync(file)).toBe(false);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  it('is shown by a dry run, which runs and takes nothing', async () => {
    const { status, stdout } = await shop.run(
      'intercept',
      'duo',
      '--port',
      'http:3000',
      '--docker-image',
      'duo:dev',
      '--dry-run',
      '--',
      'node',
      'a b.js',
    );

    expect(status).toBe(0);
    expect(stdout).toContain('would take duo:http (container front, port 8080) of deployment/duo to 127.0.0.1:3000');
    expect(stdout).toContain("--publish 127.0.0.1:3000:8080 duo:dev node 'a b.js'");
    const mounted = ['--mount', join(shop.folder, 'files'), '--docker-image', 'duo:dev', '--dry-run'];
    const { stdout: line } = await shop.run('intercept', 'duo', '--port', 'admin:3001', ...mounted);
    expect(line).toContain(
      `--volume ${shop.folder}/files/data:/data --volume ${shop.folder}/files/cache:/cache duo:dev`,
    );
    expect(await ask()).toBe('the pod');
  });

  it('refuses a container that nobody would end', async () => {
    const { status, stderr } = await shop.run(
      'intercept',
      'duo',
      '--port',
      'http',
      '--docker-run',
      '--',
      '-d',
      'duo:dev',
    );

    expect(status).toBe(2);
    expect(stderr).toContain('background');
  });
});

/** On a port of its own and last, for the leases of killed commands go on for a while. */
describe('a program whose command is killed', () => {
  it('ends too, and the app answers at once', async () => {
    const port = await freePort();
    const args = ['intercept', 'duo', '--port', `admin:${port}`, '--', process.execPath, '-e', server];
    const started = shop.begin(...args);
    await says(started, 'serving');
    expect(await ask('admin')).toContain('FAIRLEAD_CONTAINER');

    started.child.kill('SIGKILL');

    await until(
      () =>
        fetch(`http://127.0.0.1:${port}`).then(
          () => 'served',
          () => 'gone',
        ),
      (state) => state === 'gone',
      15_000,
    );
    await until(
      () => ask('admin').catch(String),
      (answer) => answer === 'the pod',
      30_000,
    );
  });
});
