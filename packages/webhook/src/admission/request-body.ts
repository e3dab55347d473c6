import type { IncomingMessage } from 'node:http';

/** A body, or why there is none. `aborted`: the peer went away in the middle. */
export type RequestBody =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly reason: 'too-large' | 'overloaded' | 'aborted' };

/** The bounds within which bodies are read. */
export interface BodyLimits {
  /** Of one body. */
  readonly bodyBytes: number;
  /** Of all that are being read or worked on. */
  readonly heldBytes: number;
}

/** Reads bodies, and knows how many bytes of them are held. */
export class BodyReader {
  readonly #limits: BodyLimits;
  #held = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** Reads the body and hands it to `use`; its bytes count as held until that has ended. What is too much is discarded. */
  async read<T>(request: IncomingMessage, use: (body: RequestBody) => Promise<T>): Promise<T> {
    const { bodyBytes, heldBytes } = this.#limits;
    const chunks: Buffer[] = [];
    let size = 0;
    const received = new Promise<RequestBody>((resolve) => {
      const take = (chunk: Buffer): void => {
        size += chunk.length;
        this.#held += chunk.length;
        chunks.push(chunk);
        if (size > bodyBytes) refuse('too-large');
        else if (this.#held > heldBytes) refuse('overloaded');
      };
      const refuse = (reason: 'too-large' | 'overloaded'): void => {
        request.off('data', take).resume();
        chunks.length = 0;
        resolve({ ok: false, reason });
      };
      request.on('data', take);
      request.once('end', () => resolve({ ok: true, bytes: Buffer.concat(chunks) }));
      request.once('close', () => resolve({ ok: false, reason: 'aborted' }));
      if (Number(request.headers['content-length'] ?? 0) > bodyBytes) refuse('too-large');
    });
    try {
      return await use(await received);
    } finally {
      this.#held -= size;
    }
  }
}
