import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, chmod, lstat, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { encodeSftpRequest, sftpOpenFlags } from '@fairlead/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeStatus, SftpParty } from '../testing/sftp-party.ts';
import { until } from '../testing/until.ts';
import { AppTree } from './app-tree.ts';
import { serveFiles } from './serve-files.ts';
import type { ServedVolume } from './served-volume.ts';
import { WorkSlots } from './work-slots.ts';

const run = promisify(execFile);
const { read, write, create, truncate, exclusive, append } = sftpOpenFlags;

/** An app with a config, data that may be written, a volume in that one, a single file, and three that are not shared. */
async function makeVolumes(directory: string): Promise<readonly ServedVolume[]> {
  const at = (...names: string[]): string => join(directory, 'root', ...names);
  for (const name of ['etc/config', 'data/inner', 'outside', 'tmp', 'tls']) await mkdir(at(name), { recursive: true });
  await writeFile(at('outside/secret'), 'outside');
  await writeFile(at('etc/config/..real'), 'debug: true');
  await symlink('..real', at('etc/config/app.yaml'));
  await symlink('/data/first', at('etc/config/elsewhere'));
  await symlink(at('outside/secret'), at('etc/config/out'));
  await symlink('../../../../../../outside/secret', at('etc/config/up'));
  await symlink('loop', at('etc/config/loop'));
  await symlink(at('outside'), at('data/way-out'));
  await writeFile(at('data/first'), 'one');
  await writeFile(at('data/inner/hidden-by-the-mount'), '');
  await writeFile(at('outside/inner'), 'of the inner volume');
  await writeFile(at('single'), 'a file of its own');
  await run('mkfifo', [at('data/pipe')]);
  const place = (...below: string[]) => ({ base: at(), below });
  return [
    { mountPath: '/etc/config', access: 'read-only', place: place('etc', 'config') },
    { mountPath: '/data', access: 'read-write', place: place('data') },
    { mountPath: '/data/inner', access: 'read-only', place: { base: at('outside'), below: [] } },
    { mountPath: '/etc/single.conf', access: 'read-only', place: place('single') },
    { mountPath: '/scratch', access: 'local' },
    { mountPath: '/etc/tls', access: 'withheld' },
  ];
}

describe('files of volumes', () => {
  let party: SftpParty;
  beforeAll(async () => {
    party = await SftpParty.start(makeVolumes);
  });
  afterAll(async () => await party[Symbol.asyncDispose]());

  it('are where the app sees them, and above them are only directories that lead there', async () => {
    expect(await party.list('/')).toEqual(['data', 'etc', 'scratch']);
    expect(await party.list('/etc')).toEqual(['config', 'single.conf', 'tls']);
    expect(await party.read('/etc/config/..real')).toBe('debug: true');
    expect(await party.read('etc//./config/..real')).toBe('debug: true');
    expect(await party.read('/etc/single.conf')).toBe('a file of its own');
    expect(await party.read('/etc/passwd')).toBe('noSuchFile');
    expect(await party.status({ type: 'stat', path: '/etc' })).toBe('attributes');
  });

  it('of a mount in another one hide what is below it', async () => {
    expect(await party.list('/data/inner')).toEqual(['inner', 'secret']);
    expect(await party.read('/data/inner/inner')).toBe('of the inner volume');
    expect(await party.list('/data')).toEqual(['first', 'inner', 'pipe', 'way-out']);
  });

  it('may be links, which lead where they lead for an app that has only its volumes', async () => {
    expect(await party.read('/etc/config/app.yaml')).toBe('debug: true');
    expect(await party.read('/etc/config/elsewhere')).toBe('one');
    const reply = await party.ask({ type: 'readlink', path: '/etc/config/elsewhere' });
    expect(reply.type === 'names' && reply.entries[0]?.name).toBe('/data/first');
    const real = await party.ask({ type: 'realpath', path: '/etc/config/../config/elsewhere' });
    expect(real.type === 'names' && real.entries[0]?.name).toBe('/data/first');
  });

  it('outside of the volumes cannot be had, by dots or by links', async () => {
    expect(await party.read('/data/../../../../../../etc/passwd')).toBe('noSuchFile');
    expect(await party.read('/etc/config/out')).toBe('noSuchFile');
    expect(await party.read('/etc/config/up')).toBe('noSuchFile');
    expect(await party.list('/data/way-out')).toBe('noSuchFile');
    expect(await party.read('/data/way-out/secret')).toBe('noSuchFile');
    expect(await party.read('/etc/config/loop')).toBe('permissionDenied');
    expect(await party.read(`/data/${'x/../'.repeat(300)}first`)).toBe('noSuchFile');
    expect(await party.read('/data/first\0')).toBe('noSuchFile');
    expect(await party.list('/etc/config')).toEqual(['..real', 'app.yaml', 'elsewhere', 'loop', 'out', 'up']);
    const link = await party.ask({ type: 'lstat', path: '/etc/config/out' });
    expect(link.type === 'attributes' && ((link.attributes.mode ?? 0) & constants.S_IFMT) === constants.S_IFLNK).toBe(
      true,
    );
  });

  it('that are not shared seem to be empty directories, and say why', async () => {
    expect(await party.list('/scratch')).toEqual([]);
    expect(await party.list('/etc/tls')).toEqual([]);
    const local = await party.open('/scratch/x');
    const withheld = await party.open('/etc/tls/key.pem');
    expect(local).toMatchObject({ code: 3, message: 'the volume is local by its mount policy' });
    expect(withheld).toMatchObject({ code: 3, message: 'the volume has Secrets, and no mount policy shares it' });
  });

  it('that are none are not opened, so that nobody waits for a pipe', async () => {
    expect(await party.read('/data/pipe')).toBe('permissionDenied');
    expect(await party.read('/data')).toBe('failure');
    expect(await party.read('/etc')).toBe('failure');
  });

  it('are changed only where the volume is shared for that', async () => {
    const refused = [
      party.open('/etc/config/new', write | create),
      party.open('/etc/config/..real', write),
      party.open('/etc/config/..real', read | append),
      party.open('/data/inner/secret', write),
      party.ask({ type: 'mkdir', path: '/etc/config/new', attributes: {} }),
      party.ask({ type: 'remove', path: '/etc/config/app.yaml' }),
      party.ask({ type: 'rename', from: '/etc/config/..real', to: '/data/stolen' }),
      party.ask({ type: 'setstat', path: '/etc/config/..real', attributes: { size: 0 } }),
      party.ask({ type: 'setstat', path: '/etc/config/elsewhere', attributes: { uid: 0, gid: 0 } }),
      party.ask({ type: 'rmdir', path: '/data/inner' }),
      party.ask({ type: 'remove', path: '/data' }),
      party.ask({ type: 'symlink', path: '/data/link', target: '/' }),
    ];

    const statuses = (await Promise.all(refused)).map((each) =>
      typeof each === 'string' ? each : describeStatus(each),
    );

    expect(statuses).toEqual([
      ...Array(8).fill('permissionDenied'),
      'unsupported',
      'permissionDenied',
      'permissionDenied',
      'unsupported',
    ]);
    expect(await readFile(join(party.directory, 'root/etc/config/..real'), 'utf8')).toBe('debug: true');
  });

  it('are written where it is', async () => {
    const handle = (await party.open('/data/new', write | create | exclusive)) as string;
    const bytes = Buffer.from('written');
    await Promise.all([
      party.ask({ type: 'write', handle, offset: 0, bytes }),
      party.ask({ type: 'write', handle, offset: 7, bytes: Buffer.from(' twice') }),
      party.ask({ type: 'close', handle }),
    ]);
    expect(await party.read('/data/new')).toBe('written twice');
    expect(describeStatus((await party.open('/data/new', write | create | exclusive)) as never)).toBe('failure');
    const again = (await party.open('/data/new', write | truncate)) as string;
    expect(
      await party.status({ type: 'fsetstat', handle: again, attributes: { mode: 0o4755, accessed: 5, modified: 6 } }),
    ).toBe('ok');
    await party.ask({ type: 'close', handle: again });
    const stat = await party.ask({ type: 'stat', path: '/data/new' });
    expect(stat).toMatchObject({ attributes: { size: 0, modified: 6, mode: 0o100755 } });
    // As sshfs does: it asks for a file that it makes before it hears that it is made.
    const { path, attributes } = { path: '/data/directory', attributes: {} };
    const [made, asked] = await Promise.all([
      party.status({ type: 'mkdir', path, attributes }),
      party.status({ type: 'stat', path }),
    ]);
    expect([made, asked]).toEqual(['ok', 'attributes']);
    expect(await party.status({ type: 'rename', from: '/data/new', to: '/data/directory/moved' })).toBe('ok');
    expect(await party.status({ type: 'rename', from: '/data/directory/moved', to: '/data/first' })).toBe('failure');
    expect(await party.status({ type: 'remove', path: '/data/directory/moved' })).toBe('ok');
    expect(await party.status({ type: 'rmdir', path: '/data/directory' })).toBe('ok');
    expect(await party.list('/data')).toEqual(['first', 'inner', 'pipe', 'way-out']);
  });
});

it('a directory is listed page by page, however long it is', async () => {
  await using party = await SftpParty.start(async (directory) => {
    await mkdir(join(directory, 'many'));
    for (let n = 0; n < 450; n += 1) await writeFile(join(directory, 'many', `f${n}`), '');
    return [{ mountPath: '/many', access: 'read-only', place: { base: join(directory, 'many'), below: [] } }];
  });
  const opened = await party.ask({ type: 'opendir', path: '/many' });
  const handle = opened.type === 'handle' ? opened.handle : '';

  const sizes: number[] = [];
  for (;;) {
    const page = await party.ask({ type: 'readdir', handle });
    if (page.type !== 'names') break;
    sizes.push(page.entries.length);
  }

  expect(sizes).toEqual([100, 100, 100, 100, 50]);
});

it('a file that becomes a link while it is opened never is what the link leads to', async () => {
  await using party = await SftpParty.start(async (directory) => {
    for (const name of ['v/a', 'v/b', 'secret']) await mkdir(join(directory, name), { recursive: true });
    await writeFile(join(directory, 'v/a/file'), 'mine');
    await writeFile(join(directory, 'secret/file'), 'not yours');
    await symlink(join(directory, 'secret'), join(directory, 'v/link'));
    return [{ mountPath: '/v', access: 'read-only', place: { base: join(directory, 'v'), below: [] } }];
  });
  const at = (name: string): string => join(party.directory, 'v', name);
  // Long enough in either state for a check to fall into one and a use into the other.
  const linger = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn += 1) await lstat(at('a'));
  };
  let isOver = false;
  const swapping = (async () => {
    while (!isOver) {
      await rename(at('a'), at('kept'));
      await rename(at('link'), at('a'));
      await linger();
      await rename(at('a'), at('link'));
      await rename(at('kept'), at('a'));
      await linger();
    }
  })();

  const seen = new Set<string>();
  for (let round = 0; round < 60; round += 1) {
    for (const text of await Promise.all(Array.from({ length: 5 }, () => party.read('/v/a/file')))) seen.add(text);
  }
  isOver = true;
  await swapping;

  expect(seen).toContain('mine');
  expect(seen).not.toContain('not yours');
});

describe('a client', () => {
  const oneFile = async (directory: string): Promise<readonly ServedVolume[]> => {
    await mkdir(join(directory, 'v'));
    await writeFile(join(directory, 'v/big'), Buffer.alloc(1024 * 1024, 'x'));
    await chmod(join(directory, 'v/big'), 0o444);
    return [{ mountPath: '/v', access: 'read-only', place: { base: join(directory, 'v'), below: [] } }];
  };

  it('is told which volumes there are', async () => {
    await using party = await SftpParty.start(oneFile, { hello: false });

    const hello = await party.hello();

    expect(hello).toMatchObject({ type: 'version', version: 3 });
    const told = hello.type === 'version' && hello.extensions.find(([name]) => name === 'volumes@fairlead.dev');
    expect(told && JSON.parse(told[1])).toEqual([{ path: '/v', access: 'read-only' }]);
  });

  it.each([
    ['does not say hello', encodeSftpRequest({ type: 'stat', id: 1, path: '/' })],
    ['sends a packet that is too long', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['sends noise', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('that %s is cut off', async (_, bytes) => {
    await using party = await SftpParty.start(oneFile, { hello: false });
    const closed = once(party.socket, 'close');

    party.socket.write(bytes);

    await closed;
    await party.served;
  });

  it('may not have any number of files open, and gets rid of them by going away', async () => {
    await using party = await SftpParty.start(oneFile);

    const handles = await Promise.all(Array.from({ length: 130 }, () => party.open('/v/big')));

    expect(handles.filter((handle) => typeof handle === 'string')).toHaveLength(128);
    expect(await party.status({ type: 'read', handle: 'another', offset: 0, length: 1 })).toBe('invalidHandle');
    party.socket.destroy();
    await party.served;
  });

  it('that reads many parts at once gets each as it is', async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 400_000 }, (_, index) => (index * 7) % 253));
    await using party = await SftpParty.start(async (directory) => {
      await writeFile(join(directory, 'file'), bytes);
      return [{ mountPath: '/file', access: 'read-only', place: { base: join(directory, 'file'), below: [] } }];
    });
    const handle = (await party.open('/file')) as string;
    const offsets = Array.from({ length: 120 }, (_, index) => (index * 9_973) % 390_000);

    const parts = await Promise.all(
      offsets.map((offset) => party.ask({ type: 'read', handle, offset, length: 10_000 })),
    );

    parts.forEach((part, index) => {
      const offset = offsets[index] ?? 0;
      expect(part.type === 'data' && Buffer.from(part.bytes).equals(bytes.subarray(offset, offset + 10_000))).toBe(
        true,
      );
    });
  });

  it('that asks and does not read is not read any more', async () => {
    let taken = 0;
    const stream = new Duplex({
      readableHighWaterMark: 1,
      read() {
        const request = { type: 'stat', id: taken, path: '/' } as const;
        this.push(encodeSftpRequest(taken === 0 ? { type: 'init', version: 3 } : request));
        taken += 1;
      },
      // Nothing of what is said is ever taken.
      write() {},
    });

    const serving = serveFiles(stream, new AppTree([]), new WorkSlots(3));
    await until(() => stream.writableLength > 31 * 29, 'answers wait');
    for (let turn = 0; turn < 50; turn += 1) await setImmediate();

    expect(taken).toBeLessThan(40);
    stream.destroy();
    await serving;
  });
});

const sftp = await access('/usr/bin/sftp', constants.X_OK).then(
  () => '/usr/bin/sftp',
  () => undefined,
);

describe.runIf(sftp)('the sftp of OpenSSH', () => {
  it('lists, gets and puts', async () => {
    await using party = await SftpParty.start(makeVolumes);
    const bridge = join(party.directory, 'bridge');
    const script = `const s = require('node:net').connect(${JSON.stringify(party.socketPath)}); process.stdin.pipe(s).pipe(process.stdout);`;
    await writeFile(bridge, `#!${process.execPath}\n${script}`, { mode: 0o755 });
    const to = join(party.directory, 'got');
    const from = join(party.directory, 'put');
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    await writeFile(from, bytes);
    const batch = join(party.directory, 'batch');
    await writeFile(
      batch,
      [
        'ls -l /etc/config',
        `put ${from} /data/put`,
        `get /data/put ${to}`,
        'rm /data/put',
        '-get /etc/config/out',
        'pwd',
      ].join('\n'),
    );

    const { stdout } = await run(sftp as string, ['-b', batch, '-D', bridge]);

    expect(stdout).toMatch(/^-r--r--r-- .* \.\.real|app\.yaml/m);
    expect(stdout).toContain('Remote working directory: /');
    expect((await readFile(to)).equals(bytes)).toBe(true);
    await rm(to);
  });
});
