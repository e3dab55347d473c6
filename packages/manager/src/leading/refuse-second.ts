import { FairleadError, type Logger } from '@fairlead/core';
import type { CaPublisher } from '../cluster/ca-publisher.ts';

/**
 * Rejects with `conflict` when the cluster has another installation, before this one has touched anything: two would
 * replace each other's pods for ever. What cannot be found out now is found out when the certificates are published.
 */
export async function refuseSecond(
  publisher: Pick<CaPublisher, 'checkOwner'>,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  try {
    await publisher.checkOwner({ signal });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof FairleadError && error.code === 'conflict') throw error;
    logger.warn({ error }, 'cannot find out whether there is another installation');
  }
}
