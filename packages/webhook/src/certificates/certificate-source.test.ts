import { createSystemClock, FairleadError, ManualClock, MemoryLogger } from '@fairlead/core';
import { describe, expect, it, vi } from 'vitest';
import type { CertificateSource } from './certificate-source.ts';
import type { CertificateFiles } from './certificate-store.ts';
import { openMadeCertificates } from './made-certificates.ts';
import { MemoryCertificateStore } from './memory-certificate-store.ts';
import { openSuppliedCertificates } from './supplied-certificates.ts';
import type { TlsMaterial } from './tls-material.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
const dnsNames = ['fairlead-manager.fairlead.svc'];
const start = Date.parse('2026-01-01T00:00:00Z');

/** A clock that lets real work be done before it goes on: certificates are made by threads. */
function aClock(): ManualClock {
  return new ManualClock({ startAt: start, settle: () => new Promise((resolve) => setTimeout(resolve, 5)) });
}

function eventually(expectation: () => void): Promise<void> {
  return vi.waitFor(expectation, { timeout: 10_000, interval: 5 });
}

/** Collects what a source tells. */
function told(source: CertificateSource): TlsMaterial[] {
  const seen: TlsMaterial[] = [];
  void (async () => {
    for await (const material of source.watch()) seen.push(material);
  })();
  return seen;
}

describe('made certificates', { timeout: 30_000 }, () => {
  it('are made once, kept, and found again by the next process', async () => {
    const store = new MemoryCertificateStore();
    const options = { store, clock: aClock(), dnsNames };

    await using first = await openMadeCertificates(options);
    const kept = await store.read();
    await using second = await openMadeCertificates(options);

    expect(Object.keys(kept?.files ?? {}).sort()).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
    expect(first.current).toEqual({
      certificate: kept?.files['tls.crt'],
      privateKey: kept?.files['tls.key'],
      caBundle: kept?.files['ca.crt'],
    });
    expect(first.caBundle()).toBe(kept?.files['ca.crt']);
    expect(second.current).toEqual(first.current);
    expect(await store.read()).toBe(kept);
  });

  it('fill a place that is there and empty', async () => {
    const store = new MemoryCertificateStore({});

    await using source = await openMadeCertificates({ store, clock: aClock(), dnsNames });

    expect((await store.read())?.files['tls.crt']).toBe(source.current.certificate);
  });

  it('are the same for replicas that begin at the same time', async () => {
    const store = new MemoryCertificateStore();
    const options = { store, clock: aClock(), dnsNames };

    const sources = await Promise.all([1, 2, 3].map(() => openMadeCertificates(options)));

    expect(new Set(sources.map(({ current }) => current.certificate)).size).toBe(1);
    expect((await store.read())?.revision).toBe('1');
    await Promise.all(sources.map((source) => source[Symbol.asyncDispose]()));
  });

  it('are renewed when it is time, and whoever watches is told', async () => {
    const clock = aClock();
    const logger = new MemoryLogger();
    await using source = await openMadeCertificates({
      store: new MemoryCertificateStore(),
      clock,
      dnsNames,
      logger,
      checkEveryMs: 100 * dayMs,
    });
    const seen = told(source);
    const { certificate, caBundle } = source.current;

    await clock.advance(60 * dayMs - 1);
    expect(source.current.certificate).toBe(certificate);
    await clock.advance(1);
    await eventually(() => expect(seen).toHaveLength(2));

    expect(source.current).toBe(seen[1]);
    expect(source.current.certificate).not.toBe(certificate);
    expect(source.current.caBundle).toBe(caBundle);
    expect(logger.lines.map(({ message }) => message)).toContain('certificates were renewed');
    expect(JSON.stringify(logger.lines)).not.toContain('PRIVATE');
  });

  it('are taken over from another replica that has renewed them', async () => {
    const clock = aClock();
    const store = new MemoryCertificateStore();
    await using source = await openMadeCertificates({ store, clock, dnsNames });
    await using other = await openMadeCertificates({ store, clock, dnsNames: [...dnsNames, 'more'] });
    expect(source.current.certificate).not.toBe(other.current.certificate);

    await clock.advance(10 * minuteMs);

    await eventually(() => expect(source.current).toEqual(other.current));
    expect((await store.read())?.revision).toBe('2');
  });

  it('are made anew when the place was taken away', async () => {
    const store = new MemoryCertificateStore();
    await using source = await openMadeCertificates({ store, clock: aClock(), dnsNames });
    const { caBundle } = source.current;

    store.clear();
    await source.refresh();

    expect(source.caBundle()).not.toBe(caBundle);
    expect((await store.read())?.files['ca.crt']).toBe(source.caBundle());
  });

  it('go on serving while the store cannot be reached, and it is tried again', async () => {
    const clock = aClock();
    const logger = new MemoryLogger();
    const store = new MemoryCertificateStore();
    await using source = await openMadeCertificates({ store, clock, dnsNames, logger });
    const before = source.current;
    const read = vi.spyOn(store, 'read').mockRejectedValue(new FairleadError('unreachable', 'no API server'));

    await expect(source.refresh()).rejects.toMatchObject({ code: 'unreachable' });
    await clock.advance(10 * minuteMs);
    await eventually(() => expect(logger.lines.at(-1)).toMatchObject({ level: 'warn' }));
    expect(source.current).toBe(before);

    read.mockRestore();
    store.clear();
    await clock.advance(10_000);
    await eventually(() => expect(source.current).not.toBe(before));
  });

  it('do not wait for a store that does not answer', async () => {
    const clock = aClock();
    const store = new MemoryCertificateStore();
    vi.spyOn(store, 'read').mockReturnValue(new Promise(() => {}));
    const opened = expect(openMadeCertificates({ store, clock, dnsNames })).rejects.toMatchObject({ code: 'timeout' });

    await clock.advance(15_000);

    await opened;
  });

  it('are refused without a name, and when nobody wants them any more', async () => {
    const options = { store: new MemoryCertificateStore(), clock: aClock(), dnsNames };
    const reason = new Error('enough');

    await expect(openMadeCertificates({ ...options, dnsNames: [] })).rejects.toMatchObject({ code: 'bad-config' });
    await expect(openMadeCertificates({ ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('fail when somebody else writes them over and over', async () => {
    const store = new MemoryCertificateStore();
    vi.spyOn(store, 'write').mockRejectedValue(new FairleadError('stale-write', 'again'));

    await expect(openMadeCertificates({ store, clock: aClock(), dnsNames })).rejects.toMatchObject({
      code: 'stale-write',
    });
  });

  it('are not looked after any more once disposed, twice if need be', async () => {
    const clock = aClock();
    const source = await openMadeCertificates({ store: new MemoryCertificateStore(), clock, dnsNames });

    await source[Symbol.asyncDispose]();
    await source[Symbol.asyncDispose]();

    expect(clock.pending).toBe(0);
  });
});

describe('supplied certificates', { timeout: 30_000 }, () => {
  const real = createSystemClock({ now: Date.now, setTimeout, clearTimeout });

  async function somebodyElses(names: readonly string[] = dnsNames): Promise<CertificateFiles> {
    const store = new MemoryCertificateStore();
    await using _made = await openMadeCertificates({ store, clock: real, dnsNames: names });
    const { 'ca.key': _, ...files } = (await store.read())?.files ?? {};
    return files;
  }

  it('are served as they are, and followed', async () => {
    const clock = new ManualClock({ startAt: Date.now() });
    let files = await somebodyElses();
    await using source = await openSuppliedCertificates({ read: async () => files, clock, dnsNames });
    expect(source.current).toEqual({
      certificate: files['tls.crt'],
      privateKey: files['tls.key'],
      caBundle: files['ca.crt'],
    });

    files = await somebodyElses();
    await clock.advance(minuteMs);

    expect(source.current.certificate).toBe(files['tls.crt']);
  });

  it('that are not usable are passed over until better ones are there', async () => {
    const clock = new ManualClock({ startAt: Date.now() });
    const logger = new MemoryLogger();
    const [first, second] = [await somebodyElses(), await somebodyElses()];
    let files: CertificateFiles = first;
    await using source = await openSuppliedCertificates({ read: async () => files, clock, dnsNames, logger });

    files = { ...first, 'tls.crt': second['tls.crt'] ?? '' };
    await clock.advance(minuteMs);
    expect(source.current.certificate).toBe(first['tls.crt']);
    expect(logger.lines.at(-1)?.fields).toEqual({ reason: 'tls.key is not the key of tls.crt' });

    files = second;
    await clock.advance(minuteMs);
    expect(source.current.certificate).toBe(second['tls.crt']);
  });

  it.each([
    ['nothing', {}, 'tls.crt holds no certificate'],
    ['nonsense', { 'tls.crt': 'nonsense', 'tls.key': 'nonsense' }, 'tls.crt holds no certificate'],
  ])('are refused at the start when there is %s', async (_what, files, message) => {
    const options = { read: async () => files, clock: real, dnsNames };

    await expect(openSuppliedCertificates(options)).rejects.toMatchObject({ code: 'bad-config', message });
  });

  it('without an authority of their own need none', async () => {
    const { 'ca.crt': _, ...files } = await somebodyElses();

    await using source = await openSuppliedCertificates({ read: async () => files, clock: real, dnsNames });

    expect(source.caBundle()).toBe('');
  });

  it('that lack a name or have ended are warned of, and served', async () => {
    const logger = new MemoryLogger();
    const files = await somebodyElses(['other']);
    const clock = new ManualClock({ startAt: Date.now() + 100 * dayMs });

    await using source = await openSuppliedCertificates({ read: async () => files, clock, dnsNames, logger });

    expect(source.current.certificate).toBe(files['tls.crt']);
    expect(logger.lines).toMatchObject([
      { level: 'warn', fields: { missing: dnsNames } },
      { level: 'error', message: 'supplied certificate has ended' },
    ]);
  });
});
