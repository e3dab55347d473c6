import type { Duplex } from 'node:stream';

/** Looks at the first bytes of a stream and leaves them where they are; undefined when it ends without any. */
export async function firstBytes(stream: Duplex): Promise<Uint8Array | undefined> {
  for (;;) {
    const bytes: Uint8Array | null = stream.read();
    if (bytes) {
      stream.unshift(bytes);
      return bytes;
    }
    if (stream.readableEnded || stream.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const events = ['readable', 'end', 'close', 'error'] as const;
      const done = (): void => {
        for (const event of events) stream.off(event, done);
        resolve();
      };
      for (const event of events) stream.on(event, done);
    });
  }
}

/** Whether a connection that begins like this may be HTTP/1. The preface of HTTP/2 is not. */
export function mayBeHttp1(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.subarray(0, 33)).toString('latin1');
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}(?: |$)/.test(text) && !isHttp2Preface(bytes);
}

/** Whether a connection that begins like this is HTTP/2. */
export function isHttp2Preface(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 12)).toString('latin1') === 'PRI * HTTP/2';
}
