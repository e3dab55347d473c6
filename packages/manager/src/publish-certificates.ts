import { type Clock, FairleadError, type Logger } from '@fairlead/core';
import type { CertificateSource } from '@fairlead/webhook/server';
import type { CaPublisher } from './cluster/ca-publisher.ts';

/** What {@link publishCertificates} works with. */
export interface PublishCertificatesParts {
  readonly certificates: Pick<CertificateSource, 'caBundle' | 'watch'>;
  readonly publisher: Pick<CaPublisher, 'publish' | 'follow'>;
  /** Told whenever everybody has heard of the present authorities. */
  readonly onPublished: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** For what no watch tells of. */
const checkMs = 60_000;
const retryMs = 2_000;
/** The least time from one publication to the next: somebody else may undo each of them at once. */
const restMs = 1_000;

/**
 * Keeps everybody told of the present authorities until the signal aborts, also when somebody who applies the installation
 * anew takes away what was written: until it is there again no pod gets an agent. Rejects only when there is another
 * installation, which does not change by waiting.
 */
export async function publishCertificates(parts: PublishCertificatesParts, signal: AbortSignal): Promise<void> {
  const { certificates, publisher, onPublished, clock, logger } = parts;
  let wake = (): void => {};
  const following = Promise.all([
    (async () => {
      for await (const _ of certificates.watch({ signal })) wake();
    })(),
    followConfigurations(parts, () => wake(), signal),
  ]);
  while (!signal.aborted) {
    const pause = new AbortController();
    wake = () => pause.abort();
    const rest = clock.sleep(restMs, { signal }).catch(() => {});
    let waitMs = checkMs;
    try {
      await publisher.publish(certificates.caBundle(), { signal });
      onPublished();
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof FairleadError && error.code === 'conflict') throw error;
      const isOvertaken = error instanceof FairleadError && error.code === 'stale-write';
      logger[isOvertaken ? 'debug' : 'warn']({ error }, 'not everybody could be told of the certificates');
      waitMs = retryMs;
    }
    await clock.sleep(waitMs, { signal: AbortSignal.any([signal, pause.signal]) }).catch(() => {});
    await rest;
  }
  await following;
}

/** Without the right to watch, or while the API server is away, changes are noticed by looking. */
async function followConfigurations(
  { publisher, clock, logger }: PublishCertificatesParts,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await publisher.follow(changed, { signal });
    } catch (error) {
      if (!signal.aborted) logger.warn({ error }, 'changes of the webhook configurations are noticed late');
    }
    await clock.sleep(checkMs, { signal }).catch(() => {});
  }
}
