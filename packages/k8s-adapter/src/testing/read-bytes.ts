import type { Duplex } from 'node:stream';

/** Reads exactly that many bytes; what comes after them stays. */
export async function readBytes(stream: Duplex, bytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let missing = bytes;
  while (missing > 0) {
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) {
      await readable(stream);
      continue;
    }
    if (chunk.length > missing) stream.unshift(chunk.subarray(missing));
    chunks.push(chunk.subarray(0, missing));
    missing -= Math.min(chunk.length, missing);
  }
  return Buffer.concat(chunks);
}

function readable(stream: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      stream.off('readable', onReadable);
      stream.off('close', onClose);
    };
    const onReadable = (): void => {
      settle();
      resolve();
    };
    const onClose = (): void => {
      settle();
      reject(new Error('the stream was closed'));
    };
    stream.once('readable', onReadable);
    stream.once('close', onClose);
    if (stream.destroyed) onClose();
  });
}

/** Resolves when the stream has ended or was destroyed. */
export async function untilClosed(stream: Duplex): Promise<void> {
  if (stream.destroyed || stream.readableEnded) return;
  stream.resume();
  await new Promise<void>((resolve) => {
    for (const event of ['end', 'close']) stream.once(event, () => resolve());
  });
}
