import type { Duplex } from 'node:stream';
import { ProtocolViolation } from './protocol-violation.ts';
import { type Settings, SettingsReader } from './settings.ts';
import type { TunnelTimers } from './timers.ts';
import { TunnelError } from './tunnel-error.ts';

/** What bounds a look at a transport. */
export interface PeekLimits {
  /** Time. */
  readonly timers: TunnelTimers;
  /** How long the peer may take to introduce itself. */
  readonly timeoutMs: number;
  /** Gives up; the promise rejects with its reason. */
  readonly signal: AbortSignal | undefined;
}

/** What the peer on a fresh transport says first; the bytes are put back. On any failure the transport is destroyed. */
export function peekSettings(transport: Duplex, { timers, timeoutMs, signal }: PeekLimits): Promise<Settings> {
  return new Promise((resolve, reject) => {
    const reader = new SettingsReader();
    const stop = (): void => {
      timers.clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      transport.off('data', onData);
      transport.off('error', onLost);
      transport.off('close', onClosed);
      transport.off('end', onClosed);
    };
    const fail = (reason: unknown): void => {
      stop();
      // Whatever it reports on its way out concerns nobody.
      transport.on('error', () => {});
      transport.destroy();
      reject(reason);
    };
    const onAbort = (): void => fail(signal?.reason);
    const onLost = (error?: Error): void => {
      fail(
        new TunnelError('transport-lost', 'the transport closed before the peer introduced itself', { cause: error }),
      );
    };
    const onClosed = (): void => onLost();
    const onData = (chunk: Buffer): void => {
      try {
        const read = reader.read(chunk);
        if (read === undefined) return;
        stop();
        transport.pause();
        transport.unshift(reader.seen);
        resolve(read.settings);
      } catch (error) {
        fail(error instanceof ProtocolViolation ? new TunnelError(error.code, error.message) : error);
      }
    };
    const timer = timers.setTimeout(() => {
      fail(new TunnelError('handshake-timeout', `peer sent no SETTINGS in ${timeoutMs} ms`));
    }, timeoutMs);
    if (signal?.aborted) {
      fail(signal.reason);
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    transport.on('error', onLost);
    transport.on('close', onClosed);
    transport.on('end', onClosed);
    transport.on('data', onData);
    if (transport.destroyed) onLost();
  });
}
