import {
  decodeSftpReply,
  encodeSftpRequest,
  ManualClock,
  SftpFrames,
  type SftpReply,
  type SftpRequest,
  sftpOpenFlags,
} from '@fairlead/core';
import { afterEach, describe, expect, it } from 'vitest';
import { PacketLink } from '../files/packet-link.ts';
import { type Script, toScript } from '../testing/agent-files.ts';
import { MountedRequests } from './mounted-requests.ts';

const over: AbortController[] = [];
afterEach(() => {
  for (const each of over.splice(0)) each.abort();
});

const ok: Script = (request) =>
  request.type === 'init' ? undefined : { type: 'status', id: request.id, code: 0, message: '' };

/** A program that has mounted, before agents that follow these scripts one after the other; after the last comes none. */
async function mounted(...scripts: readonly (Script | 'none')[]) {
  const stop = new AbortController();
  over.push(stop);
  const clock = new ManualClock();
  const replies = new Map<number, SftpReply>();
  const waiting = new Map<number, (reply: SftpReply) => void>();
  let next = 0;
  let back = (): void => {};
  const isBack = new Promise<void>((resolve) => {
    back = resolve;
  });
  const attach = async (): Promise<PacketLink> => {
    const script = scripts[next++] ?? 'none';
    if (script === 'none') throw new Error('no replica');
    const link = await PacketLink.open(await toScript(script), stop.signal);
    if (next === scripts.length) setImmediate(back);
    return link;
  };
  const frames = new SftpFrames();
  const requests = new MountedRequests({
    clock,
    first: await attach(),
    attach,
    say: (packet) => {
      for (const each of frames.take(packet)) {
        const reply = decodeSftpReply(each);
        const id = 'id' in reply ? reply.id : 0;
        replies.set(id, reply);
        waiting.get(id)?.(reply);
      }
      return true;
    },
    pause: () => {},
    signal: stop.signal,
  });
  return {
    clock,
    /** Resolves when the last script is in use. */
    isBack,
    ask: async (request: SftpRequest): Promise<SftpReply> => {
      const id = 'id' in request ? request.id : 0;
      const answered = new Promise<SftpReply>((resolve) => waiting.set(id, resolve));
      // In two pieces, as pipes may.
      const bytes = encodeSftpRequest(request);
      requests.take(bytes.subarray(0, 3));
      requests.take(bytes.subarray(3));
      return replies.get(id) ?? (await answered);
    },
  };
}

const dying =
  (type: SftpRequest['type']): Script =>
  (request) =>
    request.type === type ? 'cut' : ok(request);
const status = (code: number) => expect.objectContaining({ type: 'status', code });

describe('what a program asks that has mounted', () => {
  it('is answered, its hello included', async () => {
    const program = await mounted(ok);

    expect(await program.ask({ type: 'init', version: 3 })).toMatchObject({ type: 'version', version: 3 });
    expect(await program.ask({ type: 'stat', id: 4, path: '/' })).toEqual(status(0));
  });

  it('of a path is asked of the next replica when one goes away', async () => {
    const program = await mounted(dying('stat'), dying('open'), ok);

    expect(await program.ask({ type: 'stat', id: 1, path: '/' })).toEqual(status(0));
    expect(await program.ask({ type: 'open', id: 2, path: '/f', flags: sftpOpenFlags.read, attributes: {} })).toEqual(
      status(0),
    );
  });

  it('of something open, or to change something, fails when the replica goes away', async () => {
    expect(
      await (await mounted(dying('read'), ok)).ask({ type: 'read', id: 1, handle: 'h', offset: 0, length: 1 }),
    ).toEqual(status(7));
    expect(await (await mounted(dying('mkdir'), ok)).ask({ type: 'mkdir', id: 1, path: '/d', attributes: {} })).toEqual(
      status(7),
    );
    const { write, create } = sftpOpenFlags;
    const made = await mounted(dying('open'), ok);
    expect(await made.ask({ type: 'open', id: 1, path: '/f', flags: write | create, attributes: {} })).toEqual(
      status(7),
    );
    expect(await (await mounted(dying('close'), ok)).ask({ type: 'close', id: 1, handle: 'h' })).toEqual(status(0));
  });

  it('is given up when every replica goes away over it', async () => {
    const program = await mounted(...Array(9).fill(dying('stat')));

    expect(await program.ask({ type: 'stat', id: 1, path: '/' })).toEqual(status(7));
    expect(await program.ask({ type: 'lstat', id: 2, path: '/' })).toEqual(status(0));
  });

  it('waits for a replica, but not for ever, and is answered again when one is there', async () => {
    const program = await mounted(dying('stat'), ...Array(50).fill('none'), ok);
    const asked = program.ask({ type: 'stat', id: 1, path: '/' });
    let isAnswered = false;
    void asked.then(() => {
      isAnswered = true;
    });

    while (!isAnswered) {
      await new Promise((resolve) => setImmediate(resolve));
      await program.clock.advance(1_000);
    }
    expect(await asked).toEqual(status(7));
    expect(await program.ask({ type: 'stat', id: 2, path: '/' })).toEqual(status(7));
    expect(program.clock.now()).toBeLessThan(20_000);

    await program.clock.advance(60_000);
    await program.isBack;
    expect(await program.ask({ type: 'stat', id: 3, path: '/' })).toEqual(status(0));
  });
});
