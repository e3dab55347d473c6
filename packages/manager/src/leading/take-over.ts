import type { CallOptions, Clock, Logger } from '@fairlead/core';
import type { ConfigMapAgentConfigStore, KubernetesRollout } from '@fairlead/k8s-adapter';
import type { CertificateSource } from '@fairlead/webhook/server';
import type { ConfirmLeadership } from './fenced-ports.ts';

/** What {@link takeOver} works with. */
export interface TakeOverParts {
  readonly rollout: Pick<KubernetesRollout, 'finishInterrupted'>;
  readonly configMaps: Pick<ConfigMapAgentConfigStore, 'refreshCompanions'>;
  readonly certificates: Pick<CertificateSource, 'watch'>;
  /** Resolves when this replica surely leads; rejects otherwise. */
  readonly confirm: ConfirmLeadership;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * How often replacements are looked for that were left half done. The one who led before is not the only one to leave some:
 * a pod that was let go of stays so when the API server goes away before it could be given back.
 */
const lookMs = 60_000;
const retryMs = 2_000;

/**
 * Puts right what was left in a namespace, by this replica or the one who led before: finishes replacements of pods, and has the authorities beside
 * the agent configs be the present ones, until the signal aborts.
 */
export async function takeOver(namespace: string, parts: TakeOverParts, options: CallOptions): Promise<void> {
  const { configMaps, certificates, logger } = parts;
  const finishing = keepFinishing(namespace, parts, options);
  for await (const _ of certificates.watch(options)) {
    await configMaps.refreshCompanions(namespace, options).catch((error) => {
      if (!options.signal?.aborted) logger.warn({ namespace, error }, 'agents could not be told of new authorities');
    });
  }
  await finishing;
}

async function keepFinishing(namespace: string, parts: TakeOverParts, options: CallOptions): Promise<void> {
  const { rollout, confirm, clock, logger } = parts;
  const { signal } = options;
  while (!signal?.aborted) {
    let waitMs = lookMs;
    try {
      await confirm(options);
      const count = await rollout.finishInterrupted(namespace, options);
      if (count > 0) logger.info({ namespace, count }, 'interrupted replacements of pods were finished');
    } catch (error) {
      if (signal?.aborted) return;
      logger.warn({ namespace, error }, 'interrupted replacements of pods could not be finished');
      waitMs = retryMs;
    }
    await clock.sleep(waitMs, options).catch(() => {});
  }
}
