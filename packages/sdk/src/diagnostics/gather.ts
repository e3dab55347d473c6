import {
  abortable,
  type CallOptions,
  type Clock,
  type Diagnostics,
  type DiagnosticsRequest,
  FairleadError,
  Redactor,
} from '@fairlead/core';
import { timeLimit } from '../time-limit.ts';

/** Options of `view.diagnostics()`. */
export interface GatherOptions extends CallOptions, Omit<DiagnosticsRequest, 'namespace'> {
  /** Bytes kept of each piece; of what is longer the end. Default 2 MiB. */
  readonly maxBytes?: number | undefined;
  /** Bytes of all pieces together; what would come after is left out, with a note. Default 64 MiB. */
  readonly maxTotalBytes?: number | undefined;
  /** Time for each piece, in milliseconds. Default 15 000. */
  readonly timeoutMs?: number | undefined;
}

/** A piece of what a cluster tells of itself, free of secrets. */
export interface DiagnosticPiece {
  /** Where it belongs in an archive: `agents/cart-1.log`. */
  readonly path: string;
  /** Empty when it could not be read. */
  readonly text: string;
  /** Why it is not there, or not whole. */
  readonly note?: string;
}

/** Reads everything there is, one after the other. What fails, or takes too long, is a piece with a note. */
export async function* gatherDiagnostics(
  diagnostics: Diagnostics,
  clock: Clock,
  request: DiagnosticsRequest,
  { signal, maxBytes = 2 * 1024 * 1024, maxTotalBytes = 64 * 1024 * 1024, timeoutMs = 15_000 }: GatherOptions,
): AsyncGenerator<DiagnosticPiece, void, undefined> {
  const redactor = new Redactor();
  let left = maxTotalBytes;
  for (const source of await diagnostics.sources(request, signal && { signal })) {
    const { path } = source;
    const late = () => new FairleadError('timeout', `not read in ${timeoutMs} ms`);
    using limit = timeLimit(clock, timeoutMs, late, signal);
    try {
      if (left <= 0) throw new FairleadError('unsupported', `left out, as there are ${maxTotalBytes} bytes already`);
      const content = await abortable(source.read({ signal: limit.signal, maxBytes }), limit);
      const clean =
        typeof content === 'string' ? redactor.text(content) : `${JSON.stringify(redactor.data(content), null, 2)}\n`;
      const piece = bounded(path, clean, Math.min(maxBytes, left));
      left -= Buffer.byteLength(piece.text);
      yield piece;
    } catch (error) {
      signal?.throwIfAborted();
      const { code, message } = FairleadError.from(error);
      yield { path, text: '', note: redactor.text(`${code}: ${message}`) };
    }
  }
}

function bounded(path: string, text: string, maxBytes: number): DiagnosticPiece {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return { path, text };
  const end = bytes.subarray(bytes.length - maxBytes).toString('utf8');
  return { path, text: end.slice(end.indexOf('\n') + 1), note: `only the last ${maxBytes} of ${bytes.length} bytes` };
}
