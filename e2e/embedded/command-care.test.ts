import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fairleadMain, RunningShop, type Started, startProgram } from './running-shop.ts';
import { until } from './until.ts';

let shop: RunningShop;

beforeAll(async () => {
  shop = await RunningShop.start();
}, 70_000);

afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
}, 30_000);

/** Starts a command, and waits until it said this on stderr. */
async function holdUntil(text: string, ...args: readonly string[]) {
  return await said(shop.hold(...args), text);
}

async function said<T extends Pick<Started, 'stdout' | 'stderr'>>(started: T, text: string): Promise<T> {
  await until(
    async () => started.stderr() + started.stdout(),
    (all) => all.includes(text),
    20_000,
  );
  return started;
}

async function intercepts(): Promise<readonly { readonly name: string; readonly phase: string }[]> {
  const { stdout } = await shop.run('list', '-o', 'json');
  return JSON.parse(stdout).workloads.flatMap((each: { intercepts: object[] }) => each.intercepts);
}

const toMe = ['--header', 'x-user=ada', '--to', '9'];

describe('what a command holds', () => {
  it('is left by name or all at once, and the commands that held it end', async () => {
    const first = await holdUntil('is active', 'intercept', 'cart', '--port', 'http', ...toMe);
    const second = await holdUntil('is active', 'intercept', 'web', '--header', 'x-user=ada', '--to', '9');

    const both = await shop.run('leave', '--all', '-o', 'json');
    const none = await shop.run('leave', '--all');
    const nothing = await shop.run('leave');

    expect(JSON.parse(both.stdout).left).toEqual([expect.stringMatching(/^cart-/), expect.stringMatching(/^web-/)]);
    expect([(await first.finished).status, (await second.finished).status]).toEqual([2, 2]);
    expect(none).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing to leave') });
    expect(nothing).toMatchObject({ status: 2, stderr: expect.stringContaining('--all') });
  });

  it('is seen by a watch, a line for each change', async () => {
    const lines = await holdUntil('watching', 'list', '--watch');
    const stream = await holdUntil('watching', 'list', '-w', '-o', 'json-stream');
    const held = await holdUntil('is active', 'intercept', 'cart', '--port', 'http', ...toMe);
    held.stop();
    await held.finished;
    await until(
      async () => lines.stdout() + stream.stdout(),
      () => lines.stdout().includes('  ended  ') && stream.stdout().includes('"what":"ended"'),
      10_000,
    );
    for (const watch of [lines, stream]) watch.stop();

    const { status, stdout } = await stream.finished;
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

    expect((await lines.finished).stdout).toMatch(/cart-\w+ {2}active {2}deployment\/cart {2}x-user=ada/);
    expect(status).toBe(0);
    expect(events.map(({ what, phase, type }) => `${type} ${what ?? ''} ${phase ?? ''}`.trim())).toEqual(
      expect.arrayContaining(['change changed active', expect.stringMatching(/^change ended/), 'end']),
    );
  });
});

describe('a watch on a terminal', () => {
  it('draws the whole table anew, over what was there', async () => {
    const watch = await said(shop.holdOn({ isOutInteractive: true }, 'list', '--watch'), 'WORKLOAD');
    const held = await holdUntil('is active', 'intercept', 'cart', '--port', 'http', ...toMe);
    await until(
      async () => watch.stdout().split('\u001b[H').at(-1) ?? '',
      (drawn) => /deployment\/cart .*cart-\w+ +active +x-user=ada/.test(drawn),
      10_000,
    );
    held.stop();
    await held.finished;
    await until(
      async () => watch.stdout().split('\u001b[H').at(-1) ?? '',
      (drawn) => drawn.includes('deployment/web') && !drawn.includes('x-user=ada'),
      10_000,
    );
    watch.stop();

    expect((await watch.finished).status).toBe(0);
  });
});

describe('fairlead uninstall --agent', () => {
  it('takes agents away, but not from those who need them', async () => {
    const held = await holdUntil('is active', 'intercept', 'cart', '--port', 'http', ...toMe);

    const refused = await shop.run('uninstall', '--agent', 'deployment/cart', '-o', 'json');
    held.stop();
    await held.finished;
    const removed = await shop.run('uninstall', '--agent', 'deployment/cart', '-o', 'json');
    const again = await shop.run('uninstall', '--agent', 'deployment/cart');

    expect(refused.status).toBe(5);
    expect(JSON.parse(refused.stdout).error).toMatchObject({
      code: 'conflict',
      holder: { intercept: expect.stringMatching(/^cart-/) },
    });
    expect(removed).toMatchObject({ status: 0 });
    expect(JSON.parse(removed.stdout).removed).toEqual(['deployment/cart']);
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining('has no traffic-agent') });
  });

  it('is done by the last who leaves, if that was asked for', async () => {
    const held = await holdUntil('is active', 'intercept', 'cart', '--port', 'http', '--remove-agent', ...toMe);
    held.stop();

    expect((await held.finished).status).toBe(0);
    expect(await shop.run('uninstall', '--agent', 'cart')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('has no traffic-agent'),
    });
  });
});

describe('fairlead doctor', () => {
  it('finds the embedded cluster well, down to the tunnel', async () => {
    const { status, stdout } = await shop.run('doctor', '-o', 'json');

    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ cluster: 'local', healthy: true });
    expect(JSON.parse(stdout).checks).toContainEqual({
      name: 'tunnel',
      state: 'ok',
      message: 'leads to the traffic-manager',
    });
  });
});

describe('fairlead gather-logs', () => {
  it('writes an archive with logs and objects, without the values of variables', async () => {
    const held = await holdUntil('is active', 'intercept', 'cart', '--port', 'http', ...toMe);
    const file = join(shop.folder, 'logs.tar.gz');

    const { status, stdout } = await shop.run('gather-logs', '--output-file', file, '-o', 'json');
    held.stop();
    await held.finished;
    const document = JSON.parse(stdout) as { path: string; files: { path: string; bytes: number; note?: string }[] };
    const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' });
    const agents = document.files.filter(({ path }) => path.startsWith('agents/cart-'));

    expect(status).toBe(0);
    expect(document.path).toBe(file);
    expect(document.files.filter(({ note }) => note)).toEqual([]);
    for (const piece of ['client.json', 'preflight.json', 'pods.json', 'intercepts.json', 'agents/configs.json']) {
      expect(names).toContain(`/${piece}`);
    }
    expect(agents.length).toBeGreaterThan(0);
    for (const { bytes } of agents) expect(bytes).toBeGreaterThan(0);
  });
});

describe('the end of a command', () => {
  it('is no failure when nobody reads on', async () => {
    const piped = startProgram('bash', [
      '-o',
      'pipefail',
      '-c',
      `"${process.execPath}" "${fairleadMain}" list --local "${shop.socket}" -o json-stream | head -c 1; "${process.execPath}" "${fairleadMain}" plan --local "${shop.socket}" -o yaml | true`,
    ]);

    const { status, stderr } = await piped.finished;

    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('leaves nothing behind after Ctrl-C on a terminal, also in the middle of a preparation', async () => {
    const command = `"${process.execPath}" "${fairleadMain}" intercept cart --port http --header x-user=ada --to 9 --local "${shop.socket}"`;
    // Where the agent is there already, the intercept is active before a spinner has said what it waits for.
    await shop.run('uninstall', '--agent', 'cart');

    for (const moment of ['preparing', 'is active']) {
      const typing = startProgram('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] });
      try {
        await said(typing, moment);
        typing.child.stdin?.write('\u0003');
        const { status } = await typing.finished;

        expect([0, 130]).toContain(status);
        expect(await intercepts()).toEqual([]);
      } finally {
        typing.child.kill();
      }
    }
  });

  it('comes at once with a second Ctrl-C', async () => {
    const program = `
      process.on('SIGTERM', () => console.error('not yet'));
      process.on('SIGINT', () => {});
      setInterval(() => {}, 1000);
      console.error('stubborn');
    `;
    const command = ['--', process.execPath, '-e', program];
    const held = await said(shop.begin('intercept', 'cart', '--port', 'http', ...toMe, ...command), 'stubborn');

    held.child.kill('SIGINT');
    await until(
      async () => held.stderr(),
      (said) => said.includes('not yet'),
      10_000,
    );
    held.child.kill('SIGINT');

    await until(
      async () => held.child.exitCode,
      (code) => code !== null,
      3_000,
    );
    expect(held.child.exitCode).toBe(130);
  });
});
