import type { SessionTerms } from './session-options.ts';
import { encodeSettings, type Settings } from './settings.ts';

/** What this end says first on a transport: its limits, its session if it accepts, and the one to go on with. */
export function encodeIntroduction(
  { limits, role, resume }: SessionTerms,
  token: Buffer | undefined,
  place: Pick<Settings, 'resume' | 'received'>,
): Buffer {
  return encodeSettings({
    initialWindowBytes: limits.initialWindowBytes,
    maxStreams: limits.maxStreams,
    maxPendingOpens: limits.maxPendingOpens,
    maxMetadataBytes: limits.maxMetadataBytes,
    resumeBufferBytes: resume?.bufferBytes,
    session: role === 'acceptor' ? token : undefined,
    ...place,
  });
}
