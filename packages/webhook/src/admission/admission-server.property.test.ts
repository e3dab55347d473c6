import type { Agent } from 'node:https';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyPatch } from '../apply-patch.ts';
import { aNewPod, aPodRequest, aReview, podOf } from '../testing/admission-fixtures.ts';
import { type AdmissionLab, anAdmissionLab } from '../testing/admission-lab.ts';
import { anIntercept, anInterceptRequest, anInterceptSpec } from '../testing/intercept-fixtures.ts';
import { somePlannedPod } from '../testing/pod-arbitrary.ts';
import { podFaults } from '../testing/pod-faults.ts';

const enabled = { 'fairlead.dev/inject-traffic-agent': 'enabled' };
const path = fc.constantFrom('/pods', '/intercepts');

/** A value with parts of it replaced by anything. */
function spoiled(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) {
    return fc.oneof({ weight: 12, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.jsonValue() });
  }
  const parts = Object.entries(value).map(([key, part]) => [key, spoiled(part)] as const);
  const whole: fc.Arbitrary<unknown> = Array.isArray(value)
    ? fc.tuple(...parts.map(([, part]) => part))
    : fc.record(Object.fromEntries(parts), { requiredKeys: parts.slice(1).map(([key]) => key) });
  return fc.oneof({ weight: 30, arbitrary: whole }, { weight: 1, arbitrary: fc.jsonValue() });
}

const reviews = [
  aReview(aPodRequest(aNewPod(enabled))),
  aReview(anInterceptRequest()),
  aReview(
    anInterceptRequest(anIntercept(), {
      operation: 'UPDATE',
      oldObject: anIntercept(anInterceptSpec({ toggle: 'cut' })),
    }),
  ),
];

describe('whatever is posted', { timeout: 30_000 }, () => {
  let lab: AdmissionLab;
  let agent: Agent;

  beforeAll(async () => {
    lab = await anAdmissionLab();
    agent = lab.agent();
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  /** The server answers this, without having failed, and then still answers what is right. */
  async function expectAnswer(to: string, body: string | Uint8Array): Promise<void> {
    const reply = await lab.send(to, { body, agent });

    expect([200, 400]).toContain(reply.status);
    if (reply.status === 200) {
      const { response } = JSON.parse(reply.body);
      expect(typeof response.allowed).toBe('boolean');
      if (to === '/pods') expect(response.allowed).toBe(true);
      if (response.status) expect(response.status.code).toBeLessThan(500);
    }
    expect((await lab.send('/healthz', { method: 'GET', agent })).status).toBe(200);
  }

  it('bytes are answered', async () => {
    await fc.assert(fc.asyncProperty(path, fc.uint8Array({ maxLength: 300 }), expectAnswer), { numRuns: 40 });
  });

  it('JSON is answered', async () => {
    await fc.assert(fc.asyncProperty(path, fc.json(), expectAnswer), { numRuns: 40 });
  });

  it('spoiled reviews are answered', async () => {
    const review = fc.oneof(...reviews.map(spoiled));
    await fc.assert(
      fc.asyncProperty(path, review, (to, value) => expectAnswer(to, JSON.stringify(value))),
      { numRuns: 120 },
    );
  });

  it.each(['/pods', '/intercepts'])('JSON that nests deeper than anything is answered by %s', async (to) => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const spec = JSON.stringify(reviews[to === '/pods' ? 0 : 1]).replace('"spec":{', `"spec":{"deep":${deep},`);

    await expectAnswer(to, deep);
    await expectAnswer(to, spec);
  });
});

describe('pods that can be planned', { timeout: 30_000 }, () => {
  it('get a patch that an API server can apply, and a second look finds nothing to do', async () => {
    await using lab = await anAdmissionLab();
    const agent = lab.agent();
    await fc.assert(
      fc.asyncProperty(somePlannedPod, async ({ pod, services }) => {
        const { ownerReferences, generateName } = aNewPod().metadata;
        const metadata = { ...pod.metadata, generateName, ownerReferences, annotations: enabled };
        const template = { metadata: { labels: { app: 'cart' }, annotations: enabled }, spec: pod.spec };
        for (const { key } of await lab.world.store.list('shop')) await lab.world.store.delete(key);
        lab.world.serviceList = services;
        lab.world.workload = lab.world.workload && { ...lab.world.workload, template };
        const admit = async (document: object): Promise<object> => {
          const request = aPodRequest(document);
          const { response } = JSON.parse((await lab.post('/pods', aReview(request), { agent })).body);
          expect(response.allowed).toBe(true);
          const patch = Buffer.from(response.patch ?? 'W10=', 'base64').toString();
          return applyPatch(podOf(request), JSON.parse(patch));
        };

        const injected = await admit({ ...pod, metadata });

        expect(podFaults(injected as typeof pod)).toEqual([]);
        expect(await admit(injected)).toEqual(injected);
      }),
      { numRuns: 60 },
    );
  });
});
