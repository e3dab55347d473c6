import { randomBytes } from 'node:crypto';
import { FairleadError } from '@fairlead/core';
import type { SelfsignedOptions } from 'selfsigned';
import { type Certificate, readCertificates } from './certificate-set.ts';

/** From when to when a certificate holds, in milliseconds since the epoch. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * Makes an authority (EC P-256, SHA-256) that may sign servers' certificates and no other authorities. Its name is unlike
 * that of every other, as clients choose among the authorities of a bundle by name.
 */
export function issueAuthority(validity: Validity): Promise<Certificate> {
  const name = `Fairlead CA ${randomBytes(8).toString('hex')}`;
  return issue(name, validity, {
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}

/** Makes a server's certificate for these DNS names, signed by an authority whose key is at hand. */
export function issueLeaf(
  authority: Certificate,
  dnsNames: readonly string[],
  validity: Validity,
): Promise<Certificate> {
  return issue('Fairlead', validity, {
    ca: { cert: authority.pem, key: authority.privateKey ?? '' },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: dnsNames.map((value) => ({ type: 2, value })) },
    ],
  });
}

async function issue(
  commonName: string,
  { notBefore, notAfter }: Validity,
  options: SelfsignedOptions,
): Promise<Certificate> {
  // Only when it is needed: most processes find certificates that others have made, and this is a quarter of a second.
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    curve: 'P-256',
    // Its default is SHA-1.
    algorithm: 'sha256',
    notBeforeDate: new Date(notBefore),
    notAfterDate: new Date(notAfter),
    ...options,
  });
  const [certificate] = readCertificates(made.cert, made.private);
  if (certificate) return certificate;
  throw new FairleadError('internal', 'a certificate that was just made cannot be read');
}
