import { FairleadError, type StreamMetadata } from '@fairlead/core';
import {
  type IncomingStream,
  joinStreams,
  type ResetReason,
  StreamResetError,
  type TunnelSession,
  type TunnelStream,
} from '@fairlead/tunnel';
import { writeMetadata } from './stream-metadata.ts';

/**
 * Passes a stream on to another peer: opened there with `metadata`, accepted here only when it was accepted there,
 * refused here for the reason given there. Resolves when both are joined, or with the reason why not. `onEnd` is called once,
 * when the stream has ended or came to nothing. `onJoin` may say something to the peer before the other side does.
 */
export async function relayStream(
  incoming: IncomingStream,
  to: TunnelSession,
  metadata: StreamMetadata,
  onEnd: () => void = () => {},
  onJoin: (stream: TunnelStream) => void = () => {},
): Promise<'joined' | ResetReason> {
  let onward: TunnelStream;
  try {
    onward = to.open(writeMetadata(metadata), { signal: incoming.signal });
    onward.on('error', () => {});
    await onward.accepted;
  } catch (error) {
    const reason = error instanceof StreamResetError ? error.reason : 'gone';
    refuse(incoming, error, reason);
    onEnd();
    return reason;
  }
  const stream = incoming.accept();
  onJoin(stream);
  void joinStreams(stream, onward).finally(onEnd);
  return 'joined';
}

/** Refuses a stream in words that the peer can turn into the same error. */
export function refuse(incoming: IncomingStream, error: unknown, reason: ResetReason = 'refused'): void {
  const said = error instanceof Error ? error.message : String(error);
  incoming.refuse(reason, error instanceof FairleadError ? `${error.code}: ${said}` : said);
}
