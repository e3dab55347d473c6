import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findMountTools } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningShop, type Started } from './running-shop.ts';
import { until } from './until.ts';

const canMount = await findMountTools().then(
  () => true,
  () => false,
);
/** Personal, for a killed one's lease would keep the next from the traffic. */
const mounting = (run: string) => ['intercept', 'vol', '--to', '9', '--header', `x-run=${run}`, '--mount'] as const;

let shop: RunningShop;

beforeAll(async () => {
  shop = await RunningShop.start(fileURLToPath(new URL('with-volumes.yaml', import.meta.url)));
}, 70_000);
afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
}, 30_000);

async function says({ stderr }: Pick<Started, 'stderr'>, text: string): Promise<void> {
  await until(
    async () => stderr(),
    (all) => all.includes(text),
    30_000,
  );
}

const isMounted = async (directory: string): Promise<boolean> =>
  (await readFile('/proc/self/mountinfo', 'utf8')).includes(` ${directory} `);

describe.runIf(canMount)('fairlead intercept --mount', () => {
  it('gives a program the files of the container, and unmounts when that ends', async () => {
    const at = join(shop.folder, 'run');
    const program = `
      const { readFileSync, writeFileSync } = require('node:fs');
      const { FAIRLEAD_ROOT: root, FAIRLEAD_MOUNTS: mounts } = process.env;
      console.log(root, mounts, readFileSync(root + '/etc/app/app.yaml', 'utf8').trim());
      try { writeFileSync(root + '/state/x', ''); } catch ({ code }) { console.log(code); }
    `;

    const done = await shop.begin(...mounting('program'), at, '--', process.execPath, '-e', program).finished;

    expect(done.stdout).toBe(`${at} /etc/app:/state debug: true\nEROFS\n`);
    expect(done).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('without those that have Secrets: /etc/secret'),
    });
    expect(existsSync(at)).toBe(false);
  });

  it('lets files be changed with :rw, refuses a directory that is in use, and ends with Ctrl-C', async () => {
    const at = join(shop.folder, 'writable');
    const first = shop.begin(...mounting('first'), `${at}:rw`, '-o', 'json-stream');
    await until(
      async () => first.stdout(),
      (all) => all.includes('"type":"mounted"'),
      30_000,
    );

    const second = await shop.run(...mounting('second'), at);
    await writeFile(join(at, 'state/x'), 'y');
    const written = await readFile(join(at, 'state/x'), 'utf8');
    first.child.kill('SIGINT');
    const done = await first.finished;

    expect(written).toBe('y');
    expect(second).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`something is mounted on ${at} already`),
    });
    expect(second.stderr).toContain(`fusermount3 -u ${at}`);
    expect(done.status).toBe(0);
    expect(await isMounted(at)).toBe(false);
    expect(existsSync(at)).toBe(false);
  });

  it('leaves nothing mounted when it is killed', async () => {
    const at = join(shop.folder, 'killed');
    const command = shop.begin(...mounting('killed'), at);
    await says(command, 'volumes are mounted');
    expect(await isMounted(at)).toBe(true);

    command.child.kill('SIGKILL');
    await command.finished;

    expect(
      await until(
        () => isMounted(at),
        (still) => !still,
        10_000,
      ),
    ).toBe(false);
  });

  it('takes away what is left when sshfs is killed, and says that the files are gone', async () => {
    const at = join(shop.folder, 'torn');
    const command = shop.begin(...mounting('torn'), at);
    await says(command, 'volumes are mounted');
    const pids = (await readFile(`/proc/${command.child.pid}/task/${command.child.pid}/children`, 'utf8'))
      .trim()
      .split(' ');
    for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
    await says(command, `${at} is not mounted`);

    command.child.kill('SIGINT');
    await command.finished;

    expect(await isMounted(at)).toBe(false);
  });
});

it('says what is missing before anything is intercepted', async () => {
  const env = { PATH: '/nowhere' };
  const done = await shop.beginIn({ env }, ...mounting('missing'), join(shop.folder, 'nowhere')).finished;

  expect(done.status).toBe(3);
  expect(done.stderr).toContain('sshfs is not on the PATH');
  expect(done.stderr).toContain('apt-get install sshfs');
});
