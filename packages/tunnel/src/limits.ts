import { TunnelError } from './tunnel-error.ts';

/** How much one end of a session takes upon itself. The first four are announced to the peer. */
export interface TunnelLimits {
  /** Streams at once in either direction: the peer may have so many here, and this end opens no more there. 1024. */
  readonly maxStreams: number;
  /** Streams opened and not answered yet. 512. */
  readonly maxPendingOpens: number;
  /** Bytes of metadata with which a stream may be opened, at most 32 KiB. 16 KiB. */
  readonly maxMetadataBytes: number;
  /** Credit of every stream from its first moment, before it is accepted. 16 KiB. */
  readonly initialWindowBytes: number;
  /** Credit of a stream once it has used up half of its initial window. 512 KiB. */
  readonly startWindowBytes: number;
  /** Up to where the window of one stream grows when the round trip asks for it. 16 MiB. */
  readonly maxWindowBytes: number;
  /**
   * Bytes of all streams together that may wait here for their consumers. 64 MiB. Twice `maxStreams` times
   * `initialWindowBytes` of it is set apart, so that no stream ever lacks its initial window; windows grow into the rest.
   */
  readonly receiveBudgetBytes: number;
}

/** The limits of a session that asks for none. */
export const defaultLimits: TunnelLimits = {
  maxStreams: 1024,
  maxPendingOpens: 512,
  maxMetadataBytes: 16 * 1024,
  initialWindowBytes: 16 * 1024,
  startWindowBytes: 512 * 1024,
  maxWindowBytes: 16 * 1024 * 1024,
  receiveBudgetBytes: 64 * 1024 * 1024,
};

/** The largest window that the protocol can express. */
export const largestWindow: number = 2 ** 31 - 1;

const ranges: Readonly<Record<keyof TunnelLimits, readonly [number, number]>> = {
  maxStreams: [0, 1_000_000],
  maxPendingOpens: [0, 1_000_000],
  maxMetadataBytes: [0, 32 * 1024],
  initialWindowBytes: [1, largestWindow],
  startWindowBytes: [1, largestWindow],
  maxWindowBytes: [1, largestWindow],
  receiveBudgetBytes: [1, Number.MAX_SAFE_INTEGER],
};

/** The limits asked for, completed by the defaults. Throws `bad-options` when they make no sense together. */
export function completeLimits(wanted: Partial<TunnelLimits> = {}): TunnelLimits {
  const limits: TunnelLimits = { ...defaultLimits, ...wanted };
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = limits[name as keyof TunnelLimits];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new TunnelError('bad-options', `limits.${name} is ${value}, not a whole number from ${least} to ${most}`);
    }
  }
  const setApart = 2 * limits.maxStreams * limits.initialWindowBytes;
  if (setApart > limits.receiveBudgetBytes) {
    throw new TunnelError(
      'bad-options',
      `limits.receiveBudgetBytes is ${limits.receiveBudgetBytes}, too little for twice ${limits.maxStreams} streams of ` +
        `${limits.initialWindowBytes} bytes`,
    );
  }
  return limits;
}
