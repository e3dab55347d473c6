import type { CallOptions } from '@fairlead/core';

/** The names under which certificates are kept: those that Kubernetes gives to the data of a TLS Secret, and `ca.key`. */
export type CertificateFileName = 'tls.crt' | 'tls.key' | 'ca.crt' | 'ca.key';

/**
 * Certificates and keys as PEM. `tls.crt` and `tls.key` are the server's; `ca.crt` has the authorities to trust, the newest
 * first; `ca.key` the keys of those that may still sign, in any order.
 */
export type CertificateFiles = Readonly<Partial<Record<CertificateFileName, string>>>;

/** Where the certificates that Fairlead makes are kept, so that every replica and the next process have the same. */
export interface CertificateStore {
  /** What is there; undefined when the place itself is not. An empty place has no files. */
  read(options?: CallOptions): Promise<StoredCertificates | undefined>;
  /**
   * Keeps all four files if the place still has revision `expected` (undefined: it is not there), else fails with
   * `stale-write`.
   */
  write(files: Required<CertificateFiles>, expected?: string, options?: CallOptions): Promise<StoredCertificates>;
}

/** What a store holds, with its revision. */
export interface StoredCertificates {
  readonly files: CertificateFiles;
  /** Opaque; changes with each write. */
  readonly revision: string;
}
