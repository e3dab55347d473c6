import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CertificateSet, readCertificateSet, writeCertificateSet } from './certificate-set.ts';
import { type CertificateTerms, type RenewedCertificates, renewCertificates } from './renew-certificates.ts';
import { serviceDnsNames } from './service-dns-names.ts';

const dayMs = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const terms: CertificateTerms = { dnsNames: serviceDnsNames('fairlead-manager', 'fairlead') };
const none: CertificateSet = { authorities: [], leaf: undefined };

/** As if it had been stored and read again. */
function stored({ authorities, leaf }: RenewedCertificates): CertificateSet {
  return readCertificateSet(writeCertificateSet(authorities, leaf));
}

/** Whether a client that trusts these authorities takes the certificate at this time. */
function isTrusted({ leaf }: RenewedCertificates, by: RenewedCertificates, now: number): boolean {
  return by.authorities.some(
    ({ x509, notAfter }) =>
      leaf.x509.checkIssued(x509) && leaf.x509.verify(x509.publicKey) && now < notAfter && now < leaf.notAfter,
  );
}

describe('renewCertificates', { timeout: 30_000 }, () => {
  it('makes an authority and a certificate where there is nothing', async () => {
    const { authorities, leaf, isChanged, dueAt } = await renewCertificates(none, terms, start);

    expect(isChanged).toBe(true);
    const [authority] = authorities;
    expect(authority?.x509).toMatchObject({ ca: true });
    expect(authority?.x509.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(authority?.notAfter).toBe(start + 3650 * dayMs);
    expect(leaf.x509.ca).toBe(false);
    expect(leaf.x509.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(leaf.x509.subjectAltName).toBe(
      'DNS:fairlead-manager.fairlead.svc, DNS:fairlead-manager.fairlead.svc.cluster.local, DNS:fairlead-manager.fairlead, DNS:fairlead-manager',
    );
    expect(leaf.x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(leaf.notAfter).toBe(start + 90 * dayMs);
    expect(leaf.notBefore).toBeLessThan(start);
    expect(dueAt).toBe(start + 60 * dayMs);
  });

  it('signs with SHA-256, never with the SHA-1 of old', async () => {
    const { authorities, leaf } = await renewCertificates(none, terms, start);
    const ecdsaWithSha256 = Buffer.from('06082a8648ce3d040302', 'hex');

    for (const { x509 } of [...authorities, leaf]) expect(x509.raw.includes(ecdsaWithSha256)).toBe(true);
  });

  it('leaves alone what is good, until two thirds of its life', async () => {
    const first = await renewCertificates(none, terms, start);

    const before = await renewCertificates(stored(first), terms, first.dueAt - 1);
    const after = await renewCertificates(stored(first), terms, first.dueAt);

    expect(before).toMatchObject({ isChanged: false, leaf: { pem: first.leaf.pem }, dueAt: first.dueAt });
    expect(after.isChanged).toBe(true);
    expect(after.leaf.pem).not.toBe(first.leaf.pem);
    expect(after.authorities.map(({ pem }) => pem)).toEqual(first.authorities.map(({ pem }) => pem));
  });

  it('lets an authority that takes over be known before it signs, and the old one stay to its end', async () => {
    const first = await renewCertificates(none, terms, start);
    const handover = start + (3650 * dayMs * 2) / 3;

    const both = await renewCertificates(stored(first), terms, handover);
    const dayAfter = await renewCertificates({ ...stored(both), leaf: undefined }, terms, handover + dayMs);
    const end = await renewCertificates(stored(dayAfter), terms, start + 3650 * dayMs);

    expect(both.authorities).toHaveLength(2);
    expect(both.authorities[1]?.pem).toBe(first.authorities[0]?.pem);
    expect(both.authorities[0]?.x509.subject).not.toBe(both.authorities[1]?.x509.subject);
    expect(both.leaf.x509.issuer).toBe(first.authorities[0]?.x509.subject);
    expect(dayAfter.leaf.x509.issuer).toBe(both.authorities[0]?.x509.subject);
    expect(end.authorities.map(({ pem }) => pem)).toEqual([both.authorities[0]?.pem]);
  });

  it('does not sign with an authority that is about to end: that would have to be done over and over', async () => {
    const short = { ...terms, authorityLifeMs: 10 * dayMs, leafLifeMs: 9 * dayMs };
    const first = await renewCertificates(none, short, start);

    const late = await renewCertificates(stored(first), short, start + 9.5 * dayMs);

    expect(late.authorities).toHaveLength(2);
    expect(late.leaf.x509.issuer).toBe(late.authorities[0]?.x509.subject);
  });

  it.each([
    ['the key is another one', (files: Files) => ({ ...files, 'tls.key': files['ca.key'] })],
    ['the certificate is damaged', (files: Files) => ({ ...files, 'tls.crt': files['tls.crt'].replaceAll('M', 'N') })],
    ['the certificate is not there', (files: Files) => ({ ...files, 'tls.crt': '' })],
    ['the key is nonsense', (files: Files) => ({ ...files, 'tls.key': 'nonsense' })],
  ])('makes a new certificate when %s', async (_what, damage) => {
    const first = await renewCertificates(none, terms, start);
    const damaged = readCertificateSet(damage(writeCertificateSet(first.authorities, first.leaf)));

    const mended = await renewCertificates(damaged, terms, start + 1);

    expect(mended.isChanged).toBe(true);
    expect(mended.authorities.map(({ pem }) => pem)).toEqual(first.authorities.map(({ pem }) => pem));
    expect(isTrusted(mended, first, start + 1)).toBe(true);
  });

  it('keeps trusting an authority whose key is gone, and makes another one that signs', async () => {
    const first = await renewCertificates(none, terms, start);
    const files = { ...writeCertificateSet(first.authorities, first.leaf), 'ca.key': '' };

    const next = await renewCertificates(readCertificateSet(files), terms, start + 1);

    expect(next.authorities).toHaveLength(2);
    expect(next.leaf.pem).toBe(first.leaf.pem);
  });

  it('makes a new certificate when it is to have other names', async () => {
    const first = await renewCertificates(none, terms, start);
    const names = [...terms.dnsNames, ...serviceDnsNames('fairlead-injector', 'fairlead')];

    const more = await renewCertificates(stored(first), { dnsNames: names }, start + 1);
    const fewer = await renewCertificates(stored(more), terms, start + 2);

    expect(more.leaf.x509.checkHost('fairlead-injector.fairlead.svc')).toBeDefined();
    expect(fewer.isChanged).toBe(false);
  });

  it('does not trust what a stranger has signed', async () => {
    const first = await renewCertificates(none, terms, start);
    const stranger = await renewCertificates(none, terms, start);

    const next = await renewCertificates({ ...stored(first), leaf: stranger.leaf }, terms, start);

    expect(next.leaf.pem).not.toBe(stranger.leaf.pem);
  });

  describe('over the years', () => {
    const quick = { dnsNames: ['a'], authorityLifeMs: 60 * dayMs, leafLifeMs: 9 * dayMs };

    it('never serves what somebody who looked a day ago does not trust', async () => {
      const history: { readonly made: RenewedCertificates; readonly at: number }[] = [];
      let made = await renewCertificates(none, quick, start);
      for (let now = start; now < start + 90 * dayMs; now = made.dueAt) {
        made = await renewCertificates(stored(made), quick, now);
        history.push({ made, at: now });

        const known = history.findLast(({ at }) => at <= now - dayMs)?.made ?? made;
        expect(isTrusted(made, known, now)).toBe(true);
        expect(made.authorities.length).toBeLessThanOrEqual(2);
        expect(made.dueAt - now).toBeGreaterThan(dayMs / 2);
      }

      const authorities = new Set(history.flatMap((entry) => entry.made.authorities.map(({ pem }) => pem)));
      expect(authorities.size).toBe(3);
    });

    it('finds its feet again however long nobody looked', async () => {
      const pauses = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 2, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(pauses, async (days) => {
          let now = start;
          let made = await renewCertificates(none, quick, now);
          for (const pause of days) {
            now += pause * dayMs;
            made = await renewCertificates(stored(made), quick, now);

            expect(isTrusted(made, made, now)).toBe(true);
            expect((await renewCertificates(stored(made), quick, now)).isChanged).toBe(false);
            // Whoever looks by chance may do so a moment before something is due; whoever made something, or looks when it
            // is due, has time.
            expect(made.dueAt - now).toBeGreaterThan(made.isChanged ? dayMs / 2 : 0);
            const next = await renewCertificates(stored(made), quick, made.dueAt);
            expect(next.dueAt - made.dueAt).toBeGreaterThan(dayMs / 2);
          }
        }),
        { numRuns: 5, examples: [[[25, 30, 1, 1, 1]], [[59, 1]]] },
      );
    });
  });
});

type Files = ReturnType<typeof writeCertificateSet>;
