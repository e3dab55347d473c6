import type { Writable } from 'node:stream';
import { type ErrorCode, errorCatalogue, FairleadError, type StreamMetadata } from '@fairlead/core';
import { TunnelError } from '@fairlead/tunnel';

/** Metadata as it crosses the wire. */
export function writeMetadata(metadata: StreamMetadata): Uint8Array {
  return Buffer.from(JSON.stringify(metadata));
}

/** What a stream was opened with; undefined when that is no JSON object with a kind. */
export function readMetadata(bytes: Uint8Array): StreamMetadata | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null && 'kind' in value ? (value as StreamMetadata) : undefined;
  } catch {
    return undefined;
  }
}

/** Writes one value as a line of JSON. */
export function writeLine(stream: Writable, value: unknown): void {
  stream.write(`${JSON.stringify(value)}\n`);
}

/**
 * What went wrong in a tunnel, as one of ours. A refusal says its code in its message, `code: words`; everything else
 * is `otherwise`.
 */
export function tunnelFailure(thrown: unknown, otherwise: ErrorCode, doing: string): FairleadError {
  if (thrown instanceof FairleadError) return thrown;
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  const [, code = '', words = ''] = /(?:^|: )([a-z][a-z-]+): ([\s\S]*)$/.exec(said) ?? [];
  if (Object.hasOwn(errorCatalogue, code)) {
    return new FairleadError(code as ErrorCode, `${doing}: ${words}`, { phase: 'tunnel', cause: thrown });
  }
  if (thrown instanceof TunnelError && thrown.code === 'version-mismatch') {
    return new FairleadError('version-skew', `${doing}: ${said}`, { phase: 'tunnel', cause: thrown });
  }
  return new FairleadError(otherwise, `${doing}: ${said}`, { phase: 'tunnel', cause: thrown });
}
