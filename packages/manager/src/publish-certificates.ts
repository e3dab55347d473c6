import { type Clock, FairleadError, type Logger } from '@fairlead/core';
import type { CertificateSource } from '@fairlead/webhook/server';
import type { CaPublisher } from './cluster/ca-publisher.ts';

/** What {@link publishCertificates} works with. */
export interface PublishCertificatesParts {
  readonly certificates: Pick<CertificateSource, 'caBundle' | 'watch'>;
  readonly publisher: Pick<CaPublisher, 'publish'>;
  /** Told whenever everybody has heard of the present authorities. */
  readonly onPublished: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Somebody who applies the installation anew may have taken away what was written. */
const checkMs = 60_000;
const retryMs = 2_000;

/**
 * Keeps everybody told of the present authorities until the signal aborts. Rejects only when there is another
 * installation, which does not change by waiting.
 */
export async function publishCertificates(parts: PublishCertificatesParts, signal: AbortSignal): Promise<void> {
  const { certificates, publisher, onPublished, clock, logger } = parts;
  let wake = (): void => {};
  const following = (async () => {
    for await (const _ of certificates.watch({ signal })) wake();
  })();
  while (!signal.aborted) {
    const pause = new AbortController();
    wake = () => pause.abort();
    let waitMs = checkMs;
    try {
      await publisher.publish(certificates.caBundle(), { signal });
      onPublished();
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof FairleadError && error.code === 'conflict') throw error;
      logger.warn({ error }, 'not everybody could be told of the certificates');
      waitMs = retryMs;
    }
    await clock.sleep(waitMs, { signal: AbortSignal.any([signal, pause.signal]) }).catch(() => {});
  }
  await following;
}
