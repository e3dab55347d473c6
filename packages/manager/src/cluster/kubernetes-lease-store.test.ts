import { describe, expect, it } from 'vitest';
import type { LeaseRecord } from '../leadership/lease-store.ts';
import { MemoryObjects } from '../testing/memory-objects.ts';
import { KubernetesLeaseStore, type LeaseObject } from './kubernetes-lease-store.ts';

const at = { namespace: 'fairlead', name: 'fairlead-manager' };
const record: LeaseRecord = {
  holder: 'a',
  durationSeconds: 7,
  acquiredAt: '2026-01-02T03:04:05.006Z',
  renewedAt: '2026-01-02T03:04:06.007Z',
  transitions: 3,
};

describe('a lease in a Lease object', () => {
  it('is nobody’s as it is installed, then what was written, with times as Kubernetes has them', async () => {
    const leases = new MemoryObjects<LeaseObject>({ metadata: { ...at, labels: { kept: 'yes' } } });
    const store = new KubernetesLeaseStore(leases, at);

    const first = await store.read();
    const written = await store.write(record, first.revision);

    expect(first.record).toBeUndefined();
    expect(await leases.read(at)).toMatchObject({
      metadata: { labels: { kept: 'yes' } },
      spec: { holderIdentity: 'a', acquireTime: '2026-01-02T03:04:05.006000Z', leaseDurationSeconds: 7 },
    });
    expect(written.record).toMatchObject({ holder: 'a', durationSeconds: 7, transitions: 3 });
    expect((await store.read()).revision).toBe(written.revision);
  });

  it('is not written over what somebody else has written', async () => {
    const leases = new MemoryObjects<LeaseObject>({ metadata: at });
    const [ours, theirs] = [new KubernetesLeaseStore(leases, at), new KubernetesLeaseStore(leases, at)];
    const { revision } = await ours.read();
    await theirs.read();
    await theirs.write({ ...record, holder: 'b' }, revision);

    await expect(ours.write(record, revision)).rejects.toMatchObject({ code: 'stale-write' });
  });

  it('is missed where it is not installed', async () => {
    const store = new KubernetesLeaseStore(new MemoryObjects<LeaseObject>(), at);

    await expect(store.read()).rejects.toMatchObject({ code: 'not-found' });
  });
});
