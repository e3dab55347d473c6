import { Duplex } from 'node:stream';
import type { TunnelTimers } from '../timers.ts';

/** Brings what one end said to the other; null is the end. */
type Carry = (said: Uint8Array | null, deliver: (piece: Uint8Array | null) => void) => void;

/** Two ends whose bytes are carried by a function. */
function carriedPair(carry: Carry): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex => {
    const deliver = (piece: Uint8Array | null): void => {
      if (!other().destroyed) other().push(piece);
    };
    return new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, callback) {
        carry(Buffer.from(chunk), deliver);
        setImmediate(() => callback());
      },
      final(callback) {
        carry(null, deliver);
        callback();
      },
    });
  };
  const near: Duplex = make(() => far);
  const far: Duplex = make(() => near);
  return [near, far];
}

/** A transport on which everything takes so many milliseconds in each direction. */
export function delayedPair(timers: TunnelTimers, oneWayMs: number): [Duplex, Duplex] {
  return carriedPair((said, deliver) => timers.setTimeout(() => deliver(said), oneWayMs));
}

/** A transport that delivers pieces of the sizes given, over and over. */
export function choppedPair(sizes: readonly number[]): [Duplex, Duplex] {
  let turn = 0;
  return carriedPair((said, deliver) => {
    if (said === null) {
      deliver(null);
      return;
    }
    for (let at = 0; at < said.length; ) {
      const size = Math.max(1, sizes[turn++ % sizes.length] ?? 1);
      deliver(said.subarray(at, at + size));
      at += size;
    }
  });
}

/** Ends a transport in memory as a broken cable would: both ends fail, and what was under way is lost. */
export function cut(transports: readonly [Duplex, Duplex]): void {
  for (const transport of transports) transport.on('error', () => {}).destroy(new Error('cut'));
}

/** A transport that breaks in the midst of whatever passes when it has carried so many bytes. */
export function fragilePair(bytes: number): [Duplex, Duplex] {
  let left = bytes;
  const pair = carriedPair((said, deliver) => {
    if (said === null || left <= 0) return;
    deliver(said.subarray(0, left));
    left -= said.length;
    if (left <= 0) setImmediate(() => cut(pair));
  });
  return pair;
}
