import { FairleadError } from '@fairlead/core';
import type { Certificate, CertificateSet } from './certificate-set.ts';
import { issueAuthority, issueLeaf, type Validity } from './issue-certificate.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** For whom certificates are made and how long they live. */
export interface CertificateTerms {
  /** The DNS names of the server: see `serviceDnsNames`. */
  readonly dnsNames: readonly string[];
  /** Default ten years: whoever does not follow the bundle is cut off when an authority ends. */
  readonly authorityLifeMs?: number;
  /** Default 90 days. */
  readonly leafLifeMs?: number;
  /** How long an authority is in the bundle before it signs anything, so that all have heard of it. Default a day. */
  readonly publishMs?: number;
}

/** What {@link CertificateTerms} mean where they say nothing. */
export const certificateDefaults: Required<Omit<CertificateTerms, 'dnsNames'>> = {
  authorityLifeMs: 3650 * dayMs,
  leafLifeMs: 90 * dayMs,
  publishMs: dayMs,
};

/** Certificates that all hold now. */
export interface RenewedCertificates {
  readonly authorities: readonly Certificate[];
  readonly leaf: Certificate;
  /** Something was made or left out, so it is to be kept. */
  readonly isChanged: boolean;
  /** When the next is due, in milliseconds since the epoch. */
  readonly dueAt: number;
}

/** Certificates hold from a little before they were made: not all clocks agree. */
const backdatedMs = hourMs;
/** A certificate is renewed after this part of its life. */
const renewedAfter = 2 / 3;

/**
 * Makes what is missing, damaged or has lived for two thirds of its time, and leaves out what has ended. A new authority is
 * published beside the old one before it signs anything, and the old one stays until its own end: whoever has the bundle of
 * the time before `publishMs` never meets a certificate that it does not trust.
 */
export async function renewCertificates(
  present: CertificateSet,
  terms: CertificateTerms,
  now: number,
): Promise<RenewedCertificates> {
  const { authorityLifeMs, leafLifeMs, publishMs } = { ...certificateDefaults, ...terms };
  const valid = present.authorities.filter((authority) => isValid(authority, now));
  const newest = valid.find(canSign);
  const isFresh = newest !== undefined && now < renewalOf(newest);
  const authorities = isFresh ? valid : [await issueAuthority(validityOf(now, authorityLifeMs)), ...valid];
  const kept = present.leaf && isGoodLeaf(present.leaf, authorities, terms.dnsNames, now) ? present.leaf : undefined;
  const leaf = kept ?? (await issueFrom(signerOf(authorities, publishMs, now), terms.dnsNames, leafLifeMs, now));
  return {
    authorities,
    leaf,
    isChanged: !isFresh || !kept || authorities.length !== present.authorities.length,
    dueAt: Math.min(
      renewalOf(leaf),
      ...authorities.filter(canSign).slice(0, 1).map(renewalOf),
      ...authorities.map(({ notAfter }) => notAfter),
    ),
  };
}

function issueFrom(
  signer: Certificate,
  dnsNames: readonly string[],
  lifeMs: number,
  now: number,
): Promise<Certificate> {
  const { notBefore, notAfter } = validityOf(now, lifeMs);
  return issueLeaf(signer, dnsNames, {
    notBefore: Math.max(notBefore, signer.notBefore),
    notAfter: Math.min(notAfter, signer.notAfter),
  });
}

/**
 * The newest that all have heard of; else the one that most have heard of. One that is about to end is passed over: what
 * it signs would have to be renewed over and over.
 */
function signerOf(authorities: readonly Certificate[], publishMs: number, now: number): Certificate {
  const signers = authorities.filter(canSign);
  const lasting = signers.filter(({ notAfter }) => notAfter - now > publishMs);
  const signer = lasting.find((authority) => madeAt(authority) + publishMs <= now) ?? lasting.at(-1) ?? signers[0];
  if (signer) return signer;
  throw new FairleadError('internal', 'there is no authority to sign with');
}

function isGoodLeaf(
  leaf: Certificate,
  authorities: readonly Certificate[],
  dnsNames: readonly string[],
  now: number,
): boolean {
  const isTrusted = authorities.some(({ x509 }) => leaf.x509.checkIssued(x509) && leaf.x509.verify(x509.publicKey));
  const isNamed = dnsNames.every((name) => leaf.x509.checkHost(name) !== undefined);
  return isTrusted && isNamed && isValid(leaf, now) && now < renewalOf(leaf);
}

function canSign({ privateKey }: Certificate): boolean {
  return privateKey !== undefined;
}

function isValid({ notBefore, notAfter }: Certificate, now: number): boolean {
  return notBefore <= now && now < notAfter;
}

function validityOf(now: number, lifeMs: number): Validity {
  return { notBefore: now - backdatedMs, notAfter: now + lifeMs };
}

function madeAt({ notBefore }: Certificate): number {
  return notBefore + backdatedMs;
}

function renewalOf(certificate: Certificate): number {
  const made = madeAt(certificate);
  return made + (certificate.notAfter - made) * renewedAfter;
}
