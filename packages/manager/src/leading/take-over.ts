import type { CallOptions, Logger } from '@fairlead/core';
import type { ConfigMapAgentConfigStore, KubernetesRollout } from '@fairlead/k8s-adapter';
import type { CertificateSource } from '@fairlead/webhook/server';

/** What {@link takeOver} works with. */
export interface TakeOverParts {
  readonly rollout: Pick<KubernetesRollout, 'finishInterrupted'>;
  readonly configMaps: Pick<ConfigMapAgentConfigStore, 'refreshCompanions'>;
  readonly certificates: Pick<CertificateSource, 'watch'>;
  readonly logger: Logger;
}

/**
 * Puts right what the one who led before left in a namespace: finishes replacements of pods, and has the authorities beside
 * the agent configs be the present ones, until the signal aborts.
 */
export async function takeOver(namespace: string, parts: TakeOverParts, options: CallOptions): Promise<void> {
  const { rollout, configMaps, certificates, logger } = parts;
  const finished = rollout.finishInterrupted(namespace, options).then((count) => {
    if (count > 0) logger.info({ namespace, count }, 'interrupted replacements of pods were finished');
  });
  finished.catch(() => {});
  for await (const _ of certificates.watch(options)) {
    await configMaps.refreshCompanions(namespace, options).catch((error) => {
      if (!options.signal?.aborted) logger.warn({ namespace, error }, 'agents could not be told of new authorities');
    });
  }
  await finished;
}
