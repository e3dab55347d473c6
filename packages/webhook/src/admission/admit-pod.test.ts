import { type AgentConfig, agentContainerName, configHashAnnotation, FairleadError } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { applyPatch } from '../apply-patch.ts';
import { mutateTemplate } from '../mutate-pod.ts';
import {
  aNewPod,
  aPodRequest,
  aService,
  aWorkload,
  aWorld,
  plannedConfig,
  podOf,
  storePlanned,
} from '../testing/admission-fixtures.ts';
import { admitPod, type PodVerdict } from './admit-pod.ts';

const enabled = { 'fairlead.dev/inject-traffic-agent': 'enabled' };

function untouched(verdict: PodVerdict): void {
  expect(verdict.decision).toMatchObject({ allowed: true, patch: [] });
}

describe('admitPod', () => {
  it.each([
    ['DELETE', { operation: 'DELETE' as const }],
    ['UPDATE', { operation: 'UPDATE' as const }],
    ['a subresource', { subResource: 'ephemeralcontainers' }],
    ['something that is no pod', { resource: { group: 'apps', version: 'v1', resource: 'deployments' } }],
  ])('leaves the pod on %s', async (_what, fields) => {
    const verdict = await admitPod(aPodRequest(aNewPod(enabled), fields), aWorld());

    expect(verdict.outcome).toBe('not-created');
    untouched(verdict);
  });

  it('leaves pods while agents are being taken away', async () => {
    const verdict = await admitPod(aPodRequest(aNewPod(enabled)), aWorld({ isStopped: () => true }));

    expect(verdict.outcome).toBe('stopped');
    untouched(verdict);
  });

  it.each(['kube-system', 'kube-public', 'kube-node-lease', 'fairlead'])('leaves pods in %s', async (namespace) => {
    const verdict = await admitPod(aPodRequest(aNewPod(enabled), { namespace }), aWorld());

    expect(verdict.outcome).toBe('excluded');
    untouched(verdict);
  });

  it.each([
    ['fairlead.dev/inject-traffic-agent', 'disabled', 'disabled'],
    ['fairlead.dev/inject-traffic-agent', 'false', 'disabled'],
    ['telepresence.getambassador.io/inject-traffic-agent', 'disabled', 'disabled'],
    ['fairlead.dev/manually-injected', 'true', 'manual'],
  ])('leaves a pod that says %s: %s, entry or not', async (annotation, value, outcome) => {
    const world = aWorld();
    await storePlanned(world);

    const verdict = await admitPod(aPodRequest(aNewPod({ [annotation]: value })), world);

    expect(verdict.outcome).toBe(outcome);
    untouched(verdict);
  });

  it('row 10: leaves a pod without annotation and entry, and stores nothing', async () => {
    const world = aWorld();

    const verdict = await admitPod(aPodRequest(), world);

    expect(verdict.outcome).toBe('not-asked');
    untouched(verdict);
    expect(await world.store.list('shop')).toEqual([]);
  });

  it.each([
    ['an absent annotation', {}],
    ['an empty annotation', { 'fairlead.dev/inject-traffic-agent': '' }],
  ])('injects what the entry says on %s', async (_what, annotations) => {
    const world = aWorld();
    const { config } = await storePlanned(world);
    const request = aPodRequest(aNewPod(annotations));

    const verdict = await admitPod(request, world);

    expect(verdict).toMatchObject({ outcome: 'injected', decision: { warnings: [] } });
    expect(applyPatch(podOf(request), verdict.decision.patch).metadata.annotations).toMatchObject({
      [configHashAnnotation]: config.hash,
    });
    expect(await world.store.list('shop')).toHaveLength(1);
  });

  it('stores a config first for an enabled pod whose workload has none, so that its volume can be mounted', async () => {
    const world = aWorld();
    const request = aPodRequest(aNewPod(enabled));

    const verdict = await admitPod(request, world);

    const stored = await world.store.read(aWorkload());
    expect(stored?.config).toEqual(plannedConfig(world));
    expect(applyPatch(podOf(request), verdict.decision.patch).metadata.annotations?.[configHashAnnotation]).toBe(
      stored?.config.hash,
    );
  });

  it('leaves a pod whose entry is manual', async () => {
    const world = aWorld();
    await storePlanned(world, { manual: true });

    for (const annotations of [{}, enabled]) {
      const verdict = await admitPod(aPodRequest(aNewPod(annotations)), world);

      expect(verdict.outcome).toBe('manual');
      untouched(verdict);
    }
  });

  it('leaves a pod of a kind that cannot be intercepted, and says so where an agent was asked for', async () => {
    const world = aWorld();
    world.workload = undefined;

    expect(await admitPod(aPodRequest(), world)).toMatchObject({ outcome: 'no-workload', decision: { warnings: [] } });
    const asked = await admitPod(aPodRequest(aNewPod(enabled)), world);
    expect(asked).toMatchObject({ outcome: 'failed-open', problem: { code: 'unsupported' } });
    expect(asked.decision.warnings).toEqual([expect.stringContaining('no workload of a kind')]);
    untouched(asked);
  });

  it('asks nobody about a bare pod', async () => {
    const ownerWorkload = (): never => {
      throw new Error('asked');
    };
    const pod = { ...aNewPod(), metadata: { name: 'alone', namespace: 'shop' } };

    const verdict = await admitPod(aPodRequest(pod), aWorld({ ownerWorkload }));

    expect(verdict.outcome).toBe('no-workload');
  });

  it('admits a pod whose annotation means nothing, with a warning', async () => {
    const verdict = await admitPod(aPodRequest(aNewPod({ 'fairlead.dev/inject-traffic-agent': 'maybe' })), aWorld());

    expect(verdict.outcome).toBe('failed-open');
    expect(verdict.decision.warnings[0]).toContain('"maybe": wanted enabled, disabled or false');
    untouched(verdict);
  });

  it.each([
    ['no service selects it', { serviceList: [] }, 'no-service'],
    [
      'no container has the port',
      { serviceList: [aService({ ports: [{ port: 80, targetPort: 'nope' }] })] },
      'no-connection',
    ],
  ])(
    'admits an enabled pod that cannot be planned (%s), with a warning and without an entry',
    async (_what, fields, code) => {
      const world = Object.assign(aWorld(), fields);

      const verdict = await admitPod(aPodRequest(aNewPod(enabled)), world);

      expect(verdict).toMatchObject({ outcome: 'failed-open', problem: { code } });
      expect(verdict.decision.warnings).toHaveLength(1);
      untouched(verdict);
      expect(await world.store.list('shop')).toEqual([]);
    },
  );

  it.each([
    ['with an entry', {}],
    ['that is enabled', enabled],
  ])("admits a pod %s on the host's network, with a warning", async (_what, annotations) => {
    const world = aWorld();
    await storePlanned(world);

    const verdict = await admitPod(aPodRequest(aNewPod(annotations, { hostNetwork: true })), world);

    expect(verdict).toMatchObject({ outcome: 'failed-open', problem: { code: 'host-network' } });
    expect(verdict.decision.warnings[0]).toContain("the host's network");
    untouched(verdict);
  });

  it("stores nothing for a pod on the host's network, though its template is not", async () => {
    const world = aWorld();

    const verdict = await admitPod(aPodRequest(aNewPod(enabled, { hostNetwork: true })), world);

    expect(verdict.problem?.code).toBe('host-network');
    expect(await world.store.list('shop')).toEqual([]);
  });

  it('row 11: admits a pod without any name, with a warning', async () => {
    const { generateName: _, ...metadata } = aNewPod(enabled).metadata;

    const verdict = await admitPod(aPodRequest({ ...aNewPod(), metadata }), aWorld());

    expect(verdict).toMatchObject({ outcome: 'failed-open', problem: { code: 'bad-manifest' } });
    untouched(verdict);
  });

  it("stores nothing for a pod on the host's network, though its template is not", async () => {
    const world = aWorld();

    const verdict = await admitPod(aPodRequest(aNewPod(enabled, { hostNetwork: true })), world);

    expect(verdict.problem?.code).toBe('host-network');
    expect(await world.store.list('shop')).toEqual([]);
  });

  it('row 11: admits a pod without any namespace, with a warning', async () => {
    const verdict = await admitPod(aPodRequest(aNewPod(enabled), { namespace: '' }), aWorld());

    expect(verdict).toMatchObject({ outcome: 'failed-open', problem: { code: 'bad-manifest' } });
    untouched(verdict);
  });

  it('finds nothing to do when it sees its own pod again', async () => {
    const world = aWorld();
    const first = aPodRequest(aNewPod(enabled));
    const injected = applyPatch(podOf(first), (await admitPod(first, world)).decision.patch);

    const again = await admitPod(aPodRequest(injected), world);

    expect(again.outcome).toBe('unchanged');
    untouched(again);
  });

  it('plans by what the author wrote where the template was injected by hand', async () => {
    const world = aWorld();
    const { template } = aWorkload();
    const mutated = applyPatch(template, mutateTemplate(template, plannedConfig(world)).patch);
    const expected = plannedConfig(world);
    world.workload = aWorkload({ template: mutated });

    const pod = { ...aNewPod(), spec: mutated.spec, metadata: { ...aNewPod().metadata, ...mutated.metadata } };
    const verdict = await admitPod(aPodRequest(pod), world);

    expect((await world.store.read(aWorkload()))?.config.hash).toBe(expected.hash);
    expect(verdict.outcome).toBe('unchanged');
  });

  it('passes on what the injection warns of', async () => {
    const world = aWorld();
    world.serviceList = [aService({ ports: [{ port: 80, targetPort: 8080 }] })];

    const verdict = await admitPod(aPodRequest(aNewPod(enabled)), world);

    expect(verdict.decision.warnings).toEqual([expect.stringContaining('NET_ADMIN')]);
  });

  it('gives up in time when somebody does not answer', async () => {
    const world = aWorld({ ownerWorkload: () => new Promise(() => {}) });
    let verdict: PodVerdict | undefined;
    const admission = admitPod(aPodRequest(aNewPod(enabled)), world, { limitMs: 700 }).then((made) => {
      verdict = made;
    });

    await world.clock.advance(699);
    expect(verdict).toBeUndefined();
    await world.clock.advance(1);
    await admission;

    expect(verdict).toMatchObject({ outcome: 'failed-open', problem: { code: 'timeout' } });
    expect(world.clock.pending).toBe(0);
  });
});

describe('the entry of a workload', () => {
  it('is renewed when the services have changed, and the pod gets the new one', async () => {
    const world = aWorld();
    const { config: before } = await storePlanned(world);
    world.serviceList = [aService(), aService({ name: 'cart-2', uid: 'uid-2' })];
    const request = aPodRequest();

    const { decision } = await admitPod(request, world);

    const after = (await world.store.read(aWorkload()))?.config;
    expect(after?.hash).not.toBe(before.hash);
    expect(after).toEqual(plannedConfig(world));
    expect(applyPatch(podOf(request), decision.patch).metadata.annotations?.[configHashAnnotation]).toBe(after?.hash);
  });

  it('is not written when it is current, though the pod carries what the template does not', async () => {
    const world = aWorld();
    const { revision } = await storePlanned(world);
    const mesh = { containers: [...aNewPod().spec.containers, { name: 'mesh', ports: [{ containerPort: 9900 }] }] };

    await admitPod(aPodRequest(aNewPod({}, mesh)), world);

    expect((await world.store.read(aWorkload()))?.revision).toBe(revision);
  });

  it('keeps the image that it was made with, and fields of others', async () => {
    const world = aWorld({ agentImages: { preferred: () => Promise.reject(new Error('down')) } });
    await world.store.write(aWorkload(), { ...plannedConfig(world, 'agent:0'), theirs: 1 } as AgentConfig);
    world.serviceList = [aService(), aService({ name: 'cart-2', uid: 'uid-2' })];

    const verdict = await admitPod(aPodRequest(), world);

    expect(verdict).toMatchObject({ outcome: 'injected', decision: { warnings: [] } });
    const expected = plannedConfig(world, 'agent:0');
    expect((await world.store.read(aWorkload()))?.config).toEqual({ ...expected, theirs: 1 });
  });

  it('is what the pod gets where nothing better can be planned: one without its hash would be replaced for ever', async () => {
    const world = aWorld();
    const { config, revision } = await storePlanned(world);
    world.serviceList = [];
    const request = aPodRequest();

    const verdict = await admitPod(request, world);

    expect(verdict).toMatchObject({ outcome: 'injected', problem: { code: 'no-service' } });
    expect(verdict.decision.warnings).toEqual([expect.stringContaining('was not renewed')]);
    const pod = applyPatch(podOf(request), verdict.decision.patch);
    expect(pod.metadata.annotations?.[configHashAnnotation]).toBe(config.hash);
    expect((await world.store.read(aWorkload()))?.revision).toBe(revision);
  });

  it('is what the pod gets when it cannot be written, since that is what will be mounted', async () => {
    const world = aWorld();
    const { config } = await storePlanned(world);
    world.serviceList = [aService(), aService({ name: 'cart-2', uid: 'uid-2' })];
    world.store.claimForAnother('shop');
    const request = aPodRequest();

    const verdict = await admitPod(request, world);

    expect(verdict).toMatchObject({ outcome: 'injected', problem: { code: 'foreign-store' } });
    const pod = applyPatch(podOf(request), verdict.decision.patch);
    expect(pod.metadata.annotations?.[configHashAnnotation]).toBe(config.hash);
  });

  it('of a newer version is not planned over', async () => {
    const world = aWorld();
    const { revision } = await storePlanned(world, { schemaVersion: 99 });

    const verdict = await admitPod(aPodRequest(), world);

    expect(verdict.problem?.code).toBe('version-skew');
    expect((await world.store.read(aWorkload()))?.revision).toBe(revision);
  });

  it('is never written for a dry run, which gets the patch all the same', async () => {
    const world = aWorld();
    const fresh = await admitPod(aPodRequest(aNewPod(enabled), { dryRun: true }), world);
    expect(fresh.outcome).toBe('injected');
    expect(await world.store.list('shop')).toEqual([]);

    const { revision } = await storePlanned(world);
    world.serviceList = [aService(), aService({ name: 'cart-2', uid: 'uid-2' })];
    const changed = await admitPod(aPodRequest(aNewPod(), { dryRun: true }), world);

    expect(changed.outcome).toBe('injected');
    expect((await world.store.read(aWorkload()))?.revision).toBe(revision);
  });

  it('is written once when twenty pods come at the same time, and all get the same', async () => {
    const world = aWorld();
    const requests = Array.from({ length: 20 }, () => aPodRequest(aNewPod(enabled)));

    const verdicts = await Promise.all(requests.map((request) => admitPod(request, world)));

    expect((await world.store.read(aWorkload()))?.revision).toBe('1');
    const hashes = verdicts.map(
      ({ decision }, index) =>
        applyPatch(podOf(requests[index] ?? aPodRequest()), decision.patch).metadata.annotations?.[
          configHashAnnotation
        ],
    );
    expect(new Set(hashes)).toEqual(new Set([plannedConfig(world).hash]));
  });

  it('that was taken back in the meantime is not made again', async () => {
    const world = aWorld();
    await storePlanned(world);
    world.serviceList = [aService(), aService({ name: 'cart-2', uid: 'uid-2' })];
    world.services = async () => {
      await world.store.delete(aWorkload());
      return world.serviceList;
    };

    const verdict = await admitPod(aPodRequest(), world);

    expect(verdict.outcome).toBe('not-asked');
    expect(await world.store.list('shop')).toEqual([]);
  });

  it('is given up on when others write it all the time', async () => {
    const world = aWorld();
    const { config } = await storePlanned(world);
    world.serviceList = [aService(), aService({ name: 'cart-2', uid: 'uid-2' })];
    const stale = new FairleadError('stale-write', 'again');
    world.store.write = () => Promise.reject(stale);

    const verdict = await admitPod(aPodRequest(), world);

    expect(verdict).toMatchObject({ outcome: 'injected', problem: stale });
    expect(JSON.stringify(verdict.decision.patch)).toContain(config.hash);
  });
});

describe('an enabled pod', () => {
  const things: readonly unknown[] = [new Error('no'), 'text', undefined, null, Object.create(null), Symbol('s')];
  const ways: Readonly<Record<string, (thrown: unknown) => () => never>> = {
    throws: (thrown) => () => {
      throw thrown;
    },
    rejects: (thrown) => () => Promise.reject(thrown) as never,
  };

  it.each([
    ['ownerWorkload', 'throws'],
    ['ownerWorkload', 'rejects'],
    ['services', 'throws'],
    ['services', 'rejects'],
    ['store', 'throws'],
    ['store', 'rejects'],
    ['agentImages', 'throws'],
    ['agentImages', 'rejects'],
    ['injector', 'throws'],
    ['isInjectable', 'throws'],
    ['isStopped', 'throws'],
  ])('is admitted as it is when %s %s, whatever it is', async (part, way) => {
    for (const thrown of things) {
      const fail = ways[way]?.(thrown);
      const broken = { read: fail, write: fail, preferred: fail, inject: fail };
      const isPort = ['store', 'agentImages', 'injector'].includes(part);
      const world = { ...aWorld(), [part]: isPort ? broken : fail };

      const verdict = await admitPod(aPodRequest(aNewPod(enabled)), world);

      expect(verdict.outcome).toBe('failed-open');
      expect(verdict.decision.warnings).toHaveLength(1);
      untouched(verdict);
    }
  });

  it('is admitted as it is when only the write fails, and when the signal aborts', async () => {
    const world = aWorld();
    world.store.write = () => Promise.reject(new FairleadError('unreachable', 'no API server'));

    const verdict = await admitPod(aPodRequest(aNewPod(enabled)), world);
    const aborted = await admitPod(aPodRequest(aNewPod(enabled)), aWorld(), { signal: AbortSignal.abort() });

    expect(verdict).toMatchObject({ outcome: 'failed-open', problem: { code: 'unreachable' } });
    expect(aborted.outcome).toBe('failed-open');
    untouched(verdict);
    untouched(aborted);
  });

  it('gets an agent whatever annotation domain asks for it', async () => {
    const request = aPodRequest(aNewPod({ 'telepresence.getambassador.io/inject-traffic-agent': 'enabled' }));

    const { decision } = await admitPod(request, aWorld());

    const names = applyPatch(podOf(request), decision.patch).spec.containers.map(({ name }) => name);
    expect(names).toContain(agentContainerName);
  });
});
