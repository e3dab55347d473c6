import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createSystemClock, FairleadError, ManualClock } from '@fairlead/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aStream,
  chosenLine,
  oneFile,
  opensshServer,
  type Script,
  toOpenssh,
  toScript,
} from '../testing/agent-files.ts';
import { PacketLink } from './packet-link.ts';
import { RemoteFiles } from './remote-files.ts';
import { SftpClient } from './sftp-client.ts';

const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });
const pattern = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31) % 251));

/** Files behind the streams that are opened one after the other. */
function filesBehind(...streams: readonly (() => Promise<Duplex>)[]) {
  const over = new AbortController();
  let opened = 0;
  const files = new RemoteFiles({
    open: async (_, signal) => {
      const stream = await (streams[Math.min(opened++, streams.length - 1)] as () => Promise<Duplex>)();
      signal.addEventListener('abort', () => stream.destroy(), { once: true });
      return stream;
    },
    of: { container: 'app' },
    clock,
    signal: over.signal,
  });
  return {
    files,
    opened: () => opened,
    end: () => over.abort(new FairleadError('closed', 'left')),
    [Symbol.dispose]: () => over.abort(new FairleadError('closed', 'left')),
  };
}

describe.runIf(opensshServer)('files behind the server of OpenSSH', () => {
  let directory: string;
  const at = (name: string): string => join(directory, name);
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fairlead-sdk-files-'));
    await mkdir(at('many'));
    for (let n = 0; n < 250; n += 1) await writeFile(at(`many/f${n}`), '');
    await writeFile(at('big'), pattern(1_500_000));
    await symlink('big', at('link'));
  });
  afterAll(async () => await rm(directory, { recursive: true }));

  it('are read whole, in part and as a stream', async () => {
    using made = filesBehind(toOpenssh);
    const streamed: Buffer[] = [];
    for await (const chunk of made.files.createReadStream(at('big'), { start: 7, end: 99_999 })) streamed.push(chunk);

    expect((await made.files.readFile(at('big'))).equals(pattern(1_500_000))).toBe(true);
    expect(Buffer.concat(streamed).equals(pattern(100_000).subarray(7))).toBe(true);
    expect(await made.files.pod()).toBe('cart-1');
  });

  it('are described and listed', async () => {
    using made = filesBehind(toOpenssh);
    const { files } = made;

    expect(await files.stat(at('link'))).toMatchObject({ kind: 'file', size: 1_500_000 });
    expect(await files.lstat(at('link'))).toMatchObject({ kind: 'link' });
    expect(await files.readlink(at('link'))).toBe('big');
    expect((await files.readdir(directory)).map(({ name }) => name)).toEqual(['big', 'link', 'many']);
    await expect(files.readdir(at('many'), { limit: 200 })).rejects.toMatchObject({ code: 'unsupported' });
    const names: string[] = [];
    for await (const { name } of files.entries(at('many'))) names.push(name);
    expect(new Set(names).size).toBe(250);
  });

  it('are written', async () => {
    using made = filesBehind(toOpenssh);

    await made.files.writeFile(at('new'), 'one');
    await made.files.writeFile(at('new'), ' two', { flag: 'a' });
    await pipeline(made.files.createReadStream(at('big')), made.files.createWriteStream(at('copy'), { mode: 0o600 }));

    expect(await readFile(at('new'), 'utf8')).toBe('one two');
    expect((await readFile(at('copy'))).equals(pattern(1_500_000))).toBe(true);
    expect(await made.files.stat(at('copy'))).toMatchObject({ mode: 0o600 });
    await rm(at('new'));
    await rm(at('copy'));
  });

  it('that are not there, or are something else, say so', async () => {
    using made = filesBehind(toOpenssh);

    await expect(made.files.readFile(at('nothing'))).rejects.toMatchObject({ code: 'no-such-file' });
    await expect(made.files.readFile(directory)).rejects.toMatchObject({ code: 'file-failed' });
    await expect(pipeline([pattern(10)], made.files.createWriteStream(at('no/where')))).rejects.toMatchObject({
      code: 'no-such-file',
    });
    await expect(made.files.createReadStream(at('nothing')).toArray()).rejects.toMatchObject({ code: 'no-such-file' });
  });
});

describe('files of a replica', () => {
  it('that gives less than it is asked for, or one byte at a time, are whole', async () => {
    const bytes = pattern(3_000);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 200, max: 4_000 }),
        fc.integer({ min: 1, max: 2_000 }),
        async (most, piece) => {
          using made = filesBehind(() => toScript(oneFile(bytes, most), piece));

          expect((await made.files.readFile('/f')).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 20, examples: [[65_536, 1]] },
    );
  });

  it('that goes away are read from another one, as long as nobody has got anything', async () => {
    const bytes = pattern(500_000);
    let reads = 0;
    const dying: Script = (request) => (request.type === 'read' && ++reads > 3 ? 'cut' : oneFile(bytes)(request));
    using whole = filesBehind(
      () => toScript(dying),
      () => toScript(oneFile(bytes)),
    );
    expect((await whole.files.readFile('/f')).equals(bytes)).toBe(true);
    expect(whole.opened()).toBe(2);

    using begun = filesBehind(
      () => toScript((request) => (request.type === 'read' ? 'cut' : oneFile(bytes)(request))),
      () => toScript(oneFile(bytes)),
    );
    expect(Buffer.concat(await begun.files.createReadStream('/f').toArray()).equals(bytes)).toBe(true);
  });

  it('that goes away in the middle of a stream are not mixed with those of another one', async () => {
    const bytes = pattern(5_000_000);
    const dying: Script = (request) =>
      request.type === 'read' && request.offset > 2_500_000 ? 'cut' : oneFile(bytes)(request);
    using made = filesBehind(
      () => toScript(dying),
      () => toScript(oneFile(bytes)),
    );

    await expect(made.files.createReadStream('/f').toArray()).rejects.toMatchObject({ code: 'connection-lost' });
    expect(made.opened()).toBe(1);
  });

  it('that goes away again and again are given up', async () => {
    using made = filesBehind(() => toScript((request) => (request.type === 'stat' ? 'cut' : undefined)));

    await expect(made.files.stat('/f')).rejects.toMatchObject({ code: 'connection-lost' });
    expect(made.opened()).toBe(4);
  });

  it('are waited for while there is none', async () => {
    let refused = 0;
    using made = filesBehind(async () => {
      if (++refused < 3) throw new FairleadError('connection-lost', 'the traffic-agent is not connected');
      return await toScript(oneFile(pattern(3)));
    });

    expect(await made.files.stat('/f')).toMatchObject({ size: 3 });
  });

  it('end with the intercept', async () => {
    using made = filesBehind(() =>
      toScript((request) => (request.type === 'stat' ? undefined : oneFile(pattern(1))(request))),
    );
    expect(await made.files.readFile('/f')).toHaveLength(1);
    const waiting = made.files.stat('/f');

    made.end();

    await expect(waiting).rejects.toMatchObject({ code: 'closed' });
    await expect(made.files.readFile('/f')).rejects.toMatchObject({ code: 'closed' });
  });

  it('are not waited for longer than the caller likes', async () => {
    using made = filesBehind(() => toScript(() => undefined));
    const stop = new AbortController();
    const waiting = made.files.readFile('/f', { signal: stop.signal });
    stop.abort(new Error('enough'));

    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('a server', () => {
  const { signal } = new AbortController();

  it.each([
    ['says something else first', 'hello\n'],
    ['never ends its first words', 'x'.repeat(5_000)],
    ['speaks no SFTP', `${chosenLine}HTTP/1.1 400 Bad Request\r\n\r\n`],
  ])('that %s is not understood', async (_, words) => {
    const stream = await aStream((socket) => void socket.write(words));

    await expect(PacketLink.open(stream, signal)).rejects.toMatchObject({ code: 'version-skew' });
    expect(stream.destroyed).toBe(true);
  });

  it('that gives more than it was asked for is not believed', async () => {
    using made = filesBehind(() =>
      toScript((request) =>
        request.type === 'read'
          ? { type: 'data', id: request.id, bytes: pattern(request.length + 1) }
          : oneFile(pattern(1))(request),
      ),
    );

    await expect(made.files.readFile('/f')).rejects.toMatchObject({ code: 'internal' });
  });

  it('that breaks the rules later is cut off', async () => {
    using made = filesBehind(async () =>
      aStream((socket) => {
        socket.write(chosenLine);
        socket.once('data', () => socket.write(Buffer.from([0, 0, 0, 5, 2, 0, 0, 0, 3])));
        let asked = 0;
        socket.on('data', () => void (++asked > 1 && socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))));
      }),
    );

    await expect(made.files.stat('/f')).rejects.toMatchObject({ code: 'connection-lost' });
  });

  it('that is silent for half a minute counts as gone', async () => {
    const time = new ManualClock();
    const link = await PacketLink.open(await toScript(() => undefined), signal);
    const client = new SftpClient(link, time);
    const asked = client.ask({ type: 'stat', path: '/' });

    await time.advance(30_000);

    await expect(asked).rejects.toMatchObject({ code: 'timeout' });
    expect(client.isOpen).toBe(false);
  });
});
