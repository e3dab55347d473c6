import { describe, expect, it } from 'vitest';
import type { ByteDuplex, TunnelTransport } from '../ports/tunnel-transport.ts';
import { type Exemptions, keeps } from './keeps.ts';

/** A transport to be proven. */
export interface TunnelTransportUnderTest<Stream extends ByteDuplex> extends AsyncDisposable {
  readonly transport: TunnelTransport<Stream>;
  /** The manager's end of the connection that was accepted next, in order of acceptance. */
  accepted(): Promise<Stream>;
  /** Reads exactly that many bytes from a stream. */
  read(stream: Stream, bytes: number): Promise<Uint8Array>;
  /** Resolves when the stream has ended or was destroyed. */
  closed(stream: Stream): Promise<void>;
  /** Takes the manager away: nothing answers any more. */
  takeAway(): Promise<void>;
}

/** How a transport is made. */
export interface TunnelTransportSetup<Stream extends ByteDuplex> {
  /** A fresh transport and the manager it dials; disposing takes down whatever was put up for it. */
  create(): Promise<TunnelTransportUnderTest<Stream>>;
  readonly exempt?: Exemptions<'unreachable'>;
}

/** The promises that every {@link TunnelTransport} keeps. */
export function describeTunnelTransport<Stream extends ByteDuplex>(
  name: string,
  setup: TunnelTransportSetup<Stream>,
): void {
  describe(`${name} is a TunnelTransport`, () => {
    it('gives a stream that carries bytes both ways', async () => {
      await using made = await setup.create();
      const near = await made.transport.dial();
      const far = await made.accepted();
      const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => at % 251);

      near.write(bytes);
      far.write(bytes.subarray(0, 5_000));

      expect(near.destroyed).toBe(false);
      expect(Buffer.compare(await made.read(far, bytes.length), bytes)).toBe(0);
      expect(Buffer.compare(await made.read(near, 5_000), bytes.subarray(0, 5_000))).toBe(0);
    });

    it('gives streams that do not depend on each other', async () => {
      await using made = await setup.create();
      const first = await made.transport.dial();
      const farFirst = await made.accepted();
      const second = await made.transport.dial();
      const farSecond = await made.accepted();

      first.destroy();
      second.write(new Uint8Array([1, 2, 3]));

      expect(await made.read(farSecond, 3)).toEqual(expect.objectContaining({ length: 3 }));
      await made.closed(farFirst);
    });

    it('dials many at once', async () => {
      await using made = await setup.create();

      const streams = await Promise.all(Array.from({ length: 5 }, () => made.transport.dial()));

      expect(new Set(streams).size).toBe(5);
    });

    it('lets a stream be destroyed twice', async () => {
      await using made = await setup.create();
      const stream = await made.transport.dial();

      stream.destroy();
      stream.destroy();

      expect(stream.destroyed).toBe(true);
    });

    it('rejects with the reason of a signal that has aborted', async () => {
      await using made = await setup.create();
      const reason = new Error('not now');

      await expect(made.transport.dial({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    keeps(setup.exempt, 'unreachable', 'fails with unreachable when nobody answers', async () => {
      await using made = await setup.create();
      await made.takeAway();

      await expect(made.transport.dial()).rejects.toMatchObject({ code: 'unreachable' });
    });
  });
}
