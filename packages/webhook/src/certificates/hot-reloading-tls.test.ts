import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { type Clock, ManualClock, MemoryLogger } from '@fairlead/core';
import { describe, expect, it, vi } from 'vitest';
import { aNewPod, aPodRequest, aReview } from '../testing/admission-fixtures.ts';
import { type AdmissionLab, anAdmissionLab, serverName } from '../testing/admission-lab.ts';
import { HotReloadingTls } from './hot-reloading-tls.ts';
import { openMadeCertificates } from './made-certificates.ts';
import { MemoryCertificateStore } from './memory-certificate-store.ts';
import type { TlsMaterial } from './tls-material.ts';

const dayMs = 86_400_000;
const review = aReview(aPodRequest(aNewPod({ 'fairlead.dev/inject-traffic-agent': 'enabled' })));

function clockAt(now: number): Clock {
  return new ManualClock({ startAt: now, settle: () => new Promise((resolve) => setTimeout(resolve, 5)) });
}

/** Certificates of a store at a time. */
async function materialAt(
  store: MemoryCertificateStore,
  now: number,
  dnsNames: readonly string[] = [serverName],
): Promise<TlsMaterial> {
  const options = { dnsNames, authorityLifeMs: 30 * dayMs, leafLifeMs: 9 * dayMs };
  await using source = await openMadeCertificates({ ...options, store, clock: clockAt(now) });
  return source.current;
}

/** The serial number of the certificate that new connections meet. */
async function servedTo(lab: AdmissionLab, ca: string): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port: lab.server.port, ca, servername: serverName });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe('HotReloadingTls', { timeout: 30_000 }, () => {
  it('changes the certificate for new connections and cuts none', async () => {
    await using lab = await anAdmissionLab();
    const store = new MemoryCertificateStore();
    const [first, second] = [
      await materialAt(store, Date.now() - 7 * dayMs),
      await materialAt(store, Date.now() - dayMs),
    ];
    lab.tls.replace(first);
    let isHeld = true;
    lab.world.services = async () => {
      await vi.waitFor(() => expect(isHeld).toBe(false), { timeout: 10_000, interval: 5 });
      return lab.world.serviceList;
    };
    const agent = lab.agent(first.caBundle);
    const running = lab.post('/pods', review, { agent });
    await vi.waitFor(() => expect(lab.server.heldBytes).toBeGreaterThan(0), { timeout: 10_000, interval: 5 });
    const socket = Object.values(agent.sockets).flat()[0];
    const before = await servedTo(lab, first.caBundle);

    lab.tls.replace(second);
    isHeld = false;

    expect((await running).status).toBe(200);
    expect((await lab.post('/pods', review, { agent })).status).toBe(200);
    expect(Object.values(agent.freeSockets).flat()).toEqual([socket]);
    expect(await servedTo(lab, first.caBundle)).not.toBe(before);
  });

  it('loses no request of clients that come all the time while certificates change', async () => {
    await using lab = await anAdmissionLab();
    const store = new MemoryCertificateStore();
    const materials = [await materialAt(store, Date.now() - 7 * dayMs), await materialAt(store, Date.now() - dayMs)];
    const [first] = materials;
    lab.tls.replace(first as TlsMaterial);
    const kept = lab.agent(first?.caBundle, 4);
    const statuses: number[] = [];
    let isOver = false;
    const client = async (agent?: typeof kept): Promise<void> => {
      while (!isOver)
        statuses.push((await lab.post('/pods', review, { agent: agent ?? lab.agent(first?.caBundle) })).status);
    };
    const clients = Promise.all([client(kept), client(kept), client(), client()]);
    const changes = async (): Promise<void> => {
      for (let round = 0; round < 20; round++) {
        const before = statuses.length;
        lab.tls.replace(materials[round % 2] as TlsMaterial);
        await vi.waitFor(() => expect(statuses.length).toBeGreaterThan(before + 4), { timeout: 10_000, interval: 1 });
      }
      isOver = true;
    };
    await Promise.all([changes(), clients]);

    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(statuses.length).toBeGreaterThan(80);
  });

  it('is trusted by those with the older and those with the newer bundle while one authority takes over', async () => {
    await using lab = await anAdmissionLab();
    const store = new MemoryCertificateStore();
    const now = Date.now();
    const alone = await materialAt(store, now - 23 * dayMs);
    const both = await materialAt(store, now - 2 * dayMs);
    const since = await materialAt(store, now, [serverName, 'another-name']);
    expect(both.caBundle.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);

    lab.tls.replace(both);
    const served = [await servedTo(lab, alone.caBundle), await servedTo(lab, both.caBundle)];
    lab.tls.replace(since);
    const later = [await servedTo(lab, both.caBundle), await servedTo(lab, since.caBundle)];

    expect(new Set(served).size).toBe(1);
    expect(new Set(later).size).toBe(1);
    await expect(servedTo(lab, alone.caBundle)).rejects.toMatchObject({
      code: expect.stringMatching(/UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/),
    });
  });

  it('follows a source, and leaves out what it cannot serve with', async () => {
    const logger = new MemoryLogger();
    const store = new MemoryCertificateStore();
    const good = await materialAt(store, Date.now());
    const other = await materialAt(new MemoryCertificateStore(), Date.now());
    const stop = new AbortController();
    const changes = [good, { ...good, privateKey: other.privateKey }, other];
    const source = {
      async *watch() {
        yield* changes;
      },
    };
    const tls = new HotReloadingTls(good);

    await tls.follow(source, { signal: stop.signal, logger });

    expect(logger.lines).toMatchObject([{ level: 'error', message: 'certificates are not taken over' }]);
    expect(tls.options.cert).toBe(other.certificate);
  });

  it('refuses at once what cannot be served with, and goes on with what there was', async () => {
    const good = await materialAt(new MemoryCertificateStore(), Date.now());
    const tls = new HotReloadingTls(good);
    const bad = { ...good, certificate: 'nonsense' };

    expect(() => new HotReloadingTls(bad)).toThrow(expect.objectContaining({ code: 'bad-config' }));
    expect(() => tls.replace(bad)).toThrow(expect.objectContaining({ code: 'bad-config' }));
    expect(tls.options.cert).toBe(good.certificate);
  });

  it('lets go of a server that has closed', async () => {
    const lab = await anAdmissionLab();
    const { tls } = lab;
    await lab[Symbol.asyncDispose]();

    expect(tls.servers).toBe(0);
  });
});
