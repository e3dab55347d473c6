import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateFiles } from './certificate-store.ts';

/** A certificate that was understood, with its key where that is at hand. */
export interface Certificate {
  readonly pem: string;
  readonly x509: X509Certificate;
  /** PEM. */
  readonly privateKey: string | undefined;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** What Fairlead keeps: authorities, the newest first, and what one of them has signed. */
export interface CertificateSet {
  readonly authorities: readonly Certificate[];
  /** Undefined when there is none that could be served with. */
  readonly leaf: Certificate | undefined;
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const keyBlock = /-----BEGIN (?:EC |RSA )?PRIVATE KEY-----[^-]+-----END (?:EC |RSA )?PRIVATE KEY-----/g;

/** Reads what is kept. What cannot be understood is left out, so that damage is mended by making it anew. */
export function readCertificateSet(files: CertificateFiles): CertificateSet {
  const authorities = readCertificates(files['ca.crt'], files['ca.key']).filter(({ x509 }) => x509.ca);
  const [leaf] = readCertificates(files['tls.crt'], files['tls.key']);
  return {
    authorities: authorities.sort((a, b) => b.notBefore - a.notBefore),
    leaf: leaf?.privateKey === undefined ? undefined : leaf,
  };
}

/** The files of a set that is complete. */
export function writeCertificateSet(
  authorities: readonly Certificate[],
  leaf: Certificate,
): Required<CertificateFiles> {
  return {
    'tls.crt': leaf.pem,
    'tls.key': leaf.privateKey ?? '',
    'ca.crt': authorities.map(({ pem }) => pem).join(''),
    'ca.key': authorities.map(({ privateKey }) => privateKey ?? '').join(''),
  };
}

/** The certificates of a PEM text, in their order, each with the key that belongs to it. */
export function readCertificates(certificates = '', keys = ''): Certificate[] {
  const known = (keys.match(keyBlock) ?? []).flatMap(readKey);
  return (certificates.match(certificateBlock) ?? []).flatMap((block) => readCertificate(block, known));
}

interface Key {
  readonly pem: string;
  readonly key: KeyObject;
}

function readCertificate(block: string, keys: readonly Key[]): Certificate[] {
  try {
    const x509 = new X509Certificate(block);
    return [
      {
        pem: `${block}\n`,
        x509,
        privateKey: keys.find(({ key }) => x509.checkPrivateKey(key))?.pem,
        notBefore: Date.parse(x509.validFrom),
        notAfter: Date.parse(x509.validTo),
      },
    ];
  } catch {
    return [];
  }
}

function readKey(block: string): Key[] {
  try {
    return [{ pem: `${block}\n`, key: createPrivateKey(block) }];
  } catch {
    return [];
  }
}
