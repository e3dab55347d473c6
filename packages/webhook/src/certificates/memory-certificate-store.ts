import { type CallOptions, FairleadError } from '@fairlead/core';
import type { CertificateFiles, CertificateStore, StoredCertificates } from './certificate-store.ts';

/** Keeps certificates in memory. */
export class MemoryCertificateStore implements CertificateStore {
  #stored: StoredCertificates | undefined;
  #writes = 0;

  /** Begins with these files in place, or without a place. */
  constructor(files?: CertificateFiles) {
    if (files) this.put(files);
  }

  async read(options: CallOptions = {}): Promise<StoredCertificates | undefined> {
    options.signal?.throwIfAborted();
    return this.#stored;
  }

  async write(
    files: Required<CertificateFiles>,
    expected?: string,
    options: CallOptions = {},
  ): Promise<StoredCertificates> {
    options.signal?.throwIfAborted();
    const present = this.#stored?.revision;
    if (present === expected) return this.put(files);
    const message = `the certificates are at revision ${present ?? 'none'}, not ${expected ?? 'none'}`;
    throw new FairleadError('stale-write', message, { phase: 'store' });
  }

  /** Puts these files in place whatever is there, as somebody else would. */
  put(files: CertificateFiles): StoredCertificates {
    this.#stored = { files: { ...files }, revision: String(++this.#writes) };
    return this.#stored;
  }

  /** Takes the place away. */
  clear(): void {
    this.#stored = undefined;
  }
}
