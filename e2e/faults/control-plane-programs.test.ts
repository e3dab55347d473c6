import { setTimeout as sleep } from 'node:timers/promises';
import type { Intercept, Session } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askAs, startLoad } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { Person } from '../stories/person.ts';
import { hasNodeProgram, killProgram, whileStopped } from './node-process.ts';

const namespace = 'fairlead-e2e-programs';
const asking = { 'fairlead.dev/inject-traffic-agent': 'enabled' };
/** The first of those where an agent listens. */
const agentPort = 9900;
const canHurt = hasCluster && (await hasNodeProgram('kube-apiserver'));

let installation: Installation;

const take = (session: Session): Promise<Intercept> =>
  session.intercept({
    workload: 'cart',
    match: { headers: { 'x-run': session.key } },
    handler: () => new Response('mine'),
    // The controllers of the cluster may have to find a leader first.
    timeoutMs: 150_000,
  });

const untilActive = (held: Intercept, replicas: number): Promise<void> =>
  expect
    .poll(() => [held.phase, held.replicas.ready, held.replicas.total], { timeout: 60_000, interval: 200 })
    .toEqual(['active', replicas, replicas]);

describe.runIf(canHurt)('a program of the cluster', { timeout: 400_000 }, () => {
  beforeAll(async () => {
    installation = await Installation.toHurt();
  });
  afterAll(async () => await installation?.[Symbol.asyncDispose]());

  it.each([
    ['the API server, killed', 'service', () => killProgram('kube-apiserver')],
    ['the API server, silent for 30 s', 'service', () => whileStopped('kube-apiserver', () => sleep(30_000))],
    // A kubelet that starts holds pods with a readiness probe for unready until it has probed them, so that a Service may
    // have no pod for a moment, with Fairlead or without.
    ['the kubelet, killed', 'pod', () => killProgram('kubelet')],
  ])(
    '%s: the app answers, the intercept is back by itself, changes are seen (cases 30, 34)',
    async (_what, through, hurt) => {
      const { cluster } = installation;
      await using shop = await InstalledShop.open(cluster, namespace);
      await shop.deploy({ name: 'cart', replicas: 2, portName: 'http', annotations: asking });
      await using ada = await Person.make(cluster, { namespace, name: 'ada' });
      await using session = await ada.connect();
      await using held = await take(session);
      const [before, url] = [await shop.uids(), await shop.url('cart')];
      expect(await askAs(url, session.key)).toBe('mine');
      const [pod] = await shop.injected('cart');
      const load = startLoad(through === 'service' ? url : `http://${pod?.status?.podIP}:${agentPort}/`, 2);

      await hurt();
      await cluster.until(async () => {
        const pods = await shop.uids().catch(() => undefined);
        const answer = await askAs(url, session.key).catch(() => undefined);
        return pods && answer === 'mine' ? true : undefined;
      });
      await untilActive(held, 2);

      expect(await shop.uids()).toEqual(before);
      await cluster.objects('deployments').patch({ namespace, name: 'cart' }, 'merge', { spec: { replicas: 3 } });
      await untilActive(held, 3);
      await load.stop();
      expect(load.failures).toEqual([]);
    },
  );

  it('etcd, silent for 20 s while an intercept is prepared: it is delayed or refused for that, and works afterwards', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http' });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    const url = await shop.url('cart');
    await cluster.until(() => ask(url).catch(() => undefined));
    const load = startLoad(url, 2);

    const first = take(session).catch((error: unknown) => error);
    await whileStopped('etcd', () => sleep(20_000));
    const outcome = await first;
    const held = outcome instanceof Error ? undefined : (outcome as Intercept);
    if (!held) {
      expect(outcome).toMatchObject({
        code: expect.stringMatching(/unreachable|timeout|rollout-failed|lease-expired/),
      });
    }
    await held?.leave();
    await using again = await take(session);
    await untilActive(again, 1);
    await load.stop();

    expect(await askAs(url, session.key)).toBe('mine');
    expect(await shop.serving('cart')).toHaveLength(1);
    expect(load.failures).toEqual([]);
  });
});
