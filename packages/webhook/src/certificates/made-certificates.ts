import { type CallOptions, type Clock, FairleadError, type Logger, SilentLogger } from '@fairlead/core';
import { readCertificateSet, writeCertificateSet } from './certificate-set.ts';
import { type CertificateSource, type LoadedCertificates, openCertificateSource } from './certificate-source.ts';
import type { CertificateStore } from './certificate-store.ts';
import { type CertificateTerms, renewCertificates } from './renew-certificates.ts';

/** What certificates are made with. */
export interface MadeCertificatesOptions extends CertificateTerms, CallOptions {
  readonly store: CertificateStore;
  readonly clock: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
  /** How often it is looked whether another replica has renewed them. Default ten minutes. */
  readonly checkEveryMs?: number;
}

const defaultCheckEveryMs = 600_000;
const maxAttempts = 5;

/**
 * Certificates of an authority of one's own: made when there are none, renewed in time, kept in a store that replicas
 * share. Of two replicas that renew at the same time one wins, and both serve with what it made.
 *
 * Fails with `bad-config` without names, and with what the store fails with.
 */
export async function openMadeCertificates(options: MadeCertificatesOptions): Promise<CertificateSource> {
  if (options.dnsNames.length === 0) throw new FairleadError('bad-config', 'a certificate without names is of no use');
  const { clock, logger = new SilentLogger(), checkEveryMs = defaultCheckEveryMs } = options;
  const load = (signal: AbortSignal): Promise<LoadedCertificates> => loadMade(options, logger, signal);
  return await openCertificateSource({ load, clock, logger, checkEveryMs }, options);
}

async function loadMade(
  options: MadeCertificatesOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<LoadedCertificates> {
  const { store, clock } = options;
  for (let attempt = 1; ; attempt++) {
    const stored = await store.read({ signal });
    const renewed = await renewCertificates(readCertificateSet(stored?.files ?? {}), options, clock.now());
    const { authorities, leaf, isChanged, dueAt } = renewed;
    const files = writeCertificateSet(authorities, leaf);
    const material = { certificate: files['tls.crt'], privateKey: files['tls.key'], caBundle: files['ca.crt'] };
    if (!isChanged) return { material, dueAt };
    try {
      await store.write(files, stored?.revision, { signal });
      logger.info({ authorities: authorities.length, until: new Date(leaf.notAfter) }, 'certificates were renewed');
      return { material, dueAt };
    } catch (thrown) {
      const isStale = thrown instanceof FairleadError && thrown.code === 'stale-write';
      if (!isStale || attempt === maxAttempts) throw thrown;
    }
  }
}
