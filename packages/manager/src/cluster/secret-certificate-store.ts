import { type CallOptions, FairleadError } from '@fairlead/core';
import type { KubernetesObject, ObjectClient } from '@fairlead/k8s-adapter';
import type { CertificateFiles, CertificateStore, StoredCertificates } from '@fairlead/webhook/server';

/** A Secret on the wire. */
export interface SecretObject extends KubernetesObject {
  readonly type?: string;
  /** Base64. */
  readonly data?: Readonly<Record<string, string>> | null;
}

const fileNames = ['tls.crt', 'tls.key', 'ca.crt', 'ca.key'] as const;

/** Keeps certificates in a Secret, which comes with the installation. */
export class SecretCertificateStore implements CertificateStore {
  readonly #secrets: Pick<ObjectClient<SecretObject>, 'read' | 'replace'>;
  readonly #at: { readonly namespace: string; readonly name: string };

  constructor(
    secrets: Pick<ObjectClient<SecretObject>, 'read' | 'replace'>,
    at: { readonly namespace: string; readonly name: string },
  ) {
    this.#secrets = secrets;
    this.#at = at;
  }

  async read(options: CallOptions = {}): Promise<StoredCertificates | undefined> {
    const secret = await this.#secrets.read(this.#at, options);
    return secret && stored(secret);
  }

  async write(
    files: Required<CertificateFiles>,
    expected?: string,
    options: CallOptions = {},
  ): Promise<StoredCertificates> {
    const secret = await this.#secrets.read(this.#at, options);
    const { name, namespace } = this.#at;
    if (!secret) throw new FairleadError('not-found', `there is no Secret ${name} in namespace ${namespace}`);
    const encoded = fileNames.map((file) => [file, Buffer.from(files[file], 'utf8').toString('base64')]);
    const data = { ...secret.data, ...Object.fromEntries(encoded) };
    const metadata = { ...secret.metadata, resourceVersion: expected ?? 'none' };
    return stored(await this.#secrets.replace({ ...secret, metadata, data }, options));
  }
}

function stored({ metadata, data }: SecretObject): StoredCertificates {
  const present = fileNames.flatMap((file) => {
    const text = data?.[file];
    return text === undefined ? [] : [[file, Buffer.from(text, 'base64').toString('utf8')]];
  });
  return { files: Object.fromEntries(present), revision: metadata.resourceVersion ?? '' };
}
