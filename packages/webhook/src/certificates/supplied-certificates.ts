import { type CallOptions, type Clock, FairleadError, type Logger, SilentLogger } from '@fairlead/core';
import { readCertificates } from './certificate-set.ts';
import { type CertificateSource, type LoadedCertificates, openCertificateSource } from './certificate-source.ts';
import type { CertificateFiles } from './certificate-store.ts';

/** Where supplied certificates come from. */
export interface SuppliedCertificatesOptions extends CallOptions {
  /** Reads `tls.crt`, `tls.key` and, for an authority that not everybody trusts, `ca.crt`: a Secret's data, or mounted files. */
  read(options: CallOptions): Promise<CertificateFiles>;
  /** Names that the certificate ought to have; one without is warned of. */
  readonly dnsNames: readonly string[];
  readonly clock: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
  /** How often they are read. Default a minute. */
  readonly checkEveryMs?: number;
}

const defaultCheckEveryMs = 60_000;

/**
 * Certificates that somebody else makes and renews, cert-manager for one. They are read, never written. New ones that are
 * not usable, or not complete yet, are passed over: the last ones serve until better ones are there.
 *
 * Fails with `bad-config` when the first ones are not usable, and with what `read` fails with.
 */
export function openSuppliedCertificates(options: SuppliedCertificatesOptions): Promise<CertificateSource> {
  const { clock, logger = new SilentLogger(), checkEveryMs = defaultCheckEveryMs } = options;
  const load = async (signal: AbortSignal): Promise<LoadedCertificates> =>
    loadSupplied(await options.read({ signal }), options, logger);
  return openCertificateSource({ load, clock, logger, checkEveryMs }, options);
}

function loadSupplied(
  files: CertificateFiles,
  { dnsNames, clock }: SuppliedCertificatesOptions,
  logger: Logger,
): LoadedCertificates {
  const certificate = files['tls.crt'] ?? '';
  const privateKey = files['tls.key'] ?? '';
  const [leaf] = readCertificates(certificate, privateKey);
  if (!leaf) throw new FairleadError('bad-config', 'tls.crt holds no certificate');
  if (leaf.privateKey === undefined) throw new FairleadError('bad-config', 'tls.key is not the key of tls.crt');
  const missing = dnsNames.filter((name) => leaf.x509.checkHost(name) === undefined);
  if (missing.length > 0) logger.warn({ missing }, 'supplied certificate lacks names');
  if (leaf.notAfter <= clock.now()) logger.error({ until: new Date(leaf.notAfter) }, 'supplied certificate has ended');
  return {
    material: { certificate, privateKey, caBundle: files['ca.crt'] ?? '' },
    dueAt: Number.POSITIVE_INFINITY,
  };
}
