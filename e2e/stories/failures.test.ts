import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askAs, startLoad } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { killContainer } from '../manager/containers.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { Impostor } from './impostor.ts';
import { Person } from './person.ts';

const namespace = 'fairlead-e2e-failures';
const asking = { 'fairlead.dev/inject-traffic-agent': 'enabled' };

let installation: Installation;

describe.runIf(hasCluster)('when something fails', () => {
  beforeAll(async () => {
    installation = await Installation.toHurt();
  });
  afterAll(async () => await installation?.[Symbol.asyncDispose]());

  it('an agent image that does not exist is named as the cause, and nothing of the attempt remains', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http' });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    const [before, specs, url] = [await shop.uids(), await shop.specs(), await shop.url('cart')];
    const load = startLoad(url, 2);
    await installation.apply({ agentImage: 'fairlead-e2e-missing:1' });
    try {
      await using session = await ada.connect();
      const began = performance.now();
      const failure = await session.intercept({ workload: 'cart', to: 9 }).catch((error: unknown) => error);
      console.log(`a missing image was named after ${(performance.now() - began).toFixed(0)} ms`);

      expect(failure).toMatchObject({
        code: 'rollout-failed',
        message: expect.stringMatching(/fairlead-e2e-missing:1|ErrImagePull|ImagePullBackOff/),
      });
      await cluster.until(async () => {
        const map = await cluster.objects('configMaps').read({ namespace, name: 'telepresence-agents' });
        return JSON.stringify(map ?? {}).includes('deployment.cart') ? undefined : true;
      });
      await cluster.until(async () => ((await shop.uids()).size === 1 ? true : undefined));
    } finally {
      await installation.apply({ agentImage: '' });
      await load.stop();
    }

    expect(load.failures).toEqual([]);
    expect(await shop.serving('cart')).toHaveLength(1);
    expect(await shop.injected('cart')).toHaveLength(0);
    expect(await shop.specs()).toEqual(specs);
    expect(before.size).toBe(1);
    await using session = await ada.connect();
    await using again = await session.intercept({ workload: 'cart', to: 9 });
    expect(again.phase).toBe('active');
  });

  it('a killed traffic-manager replaces no pod; the app answers until the intercept is active again, in 10 s', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', replicas: 2, portName: 'http', annotations: asking });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    const { key } = session;
    await using held = await session.intercept({
      workload: 'cart',
      match: { headers: { 'x-run': key } },
      handler: () => new Response('ada'),
    });
    const [before, url] = [await shop.uids(), await shop.url('cart')];
    expect(await askAs(url, key)).toBe('ada');
    const load = startLoad(url, 2);

    await killContainer(cluster, { namespace: 'fairlead', labelSelector: 'app.kubernetes.io/component=manager' });
    const killed = performance.now();
    const whileAway = await cluster.until(async () => {
      const answer = await askAs(url, key);
      return answer === 'ada' ? undefined : answer;
    });
    await cluster.until(async () => ((await askAs(url, key)) === 'ada' ? true : undefined), 10_000);
    const tookMs = performance.now() - killed;
    await expect.poll(() => held.phase, { timeout: 5_000 }).toBe('active');
    await load.stop();

    console.log(`active again ${tookMs.toFixed(0)} ms after the traffic-manager was killed`);
    expect(tookMs).toBeLessThan(10_000);
    expect(whileAway).toMatch(/^cart-/);
    expect(load.failures).toEqual([]);
    expect(await shop.uids()).toEqual(before);
  });

  it('twenty injected workloads survive a restart of the traffic-manager without a pod replaced', async () => {
    const { cluster } = installation;
    await installation.untilInjecting();
    await using shop = await InstalledShop.open(cluster, namespace);
    const names = Array.from({ length: 20 }, (_, index) => `shelf-${index}`);
    await shop.deploy(...names.map((name) => ({ name, portName: 'http', annotations: asking })));
    for (const name of names) expect(await shop.injected(name)).toHaveLength(1);
    const [before, leader] = [await shop.uids(), await installation.leader()];

    await cluster.objects('pods').delete({ namespace: 'fairlead', name: leader ?? '' });
    await cluster.until(async () => {
      const now = await installation.leader();
      return now === leader ? undefined : now;
    });
    await installation.apply({});
    // Long enough for whatever a new leader might do to be under way.
    await sleep(5_000);

    expect(await shop.uids()).toEqual(before);
  });

  it('who lacks the right is refused by Kubernetes itself, and learns nothing of who holds the traffic', async () => {
    const { cluster } = installation;
    await installation.untilInjecting();
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http', annotations: asking });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using holder = await ada.connect({ label: 'the holder' });
    await using _held = await holder.intercept({ workload: 'cart', to: 9 });
    await using reader = await Person.make(cluster, { namespace, name: 'reader', role: 'view' });
    await using stranger = await Person.make(cluster, {
      namespace,
      name: 'stranger',
      role: 'nobody',
      mayConnect: false,
    });

    await using session = await reader.connect();
    const refused = await session.intercept({ workload: 'cart', to: 9 }).catch((error: unknown) => error);
    const turnedAway = await stranger.connect().catch((error: unknown) => error);

    expect(refused).toMatchObject({ code: 'forbidden', message: expect.stringContaining('create') });
    expect(String(refused)).not.toContain('the holder');
    expect(turnedAway).toMatchObject({ code: 'forbidden' });
    expect((await session.list()).map(({ name }) => name)).toHaveLength(1);
  });

  it('a client that knows every name, but not the key, gets nothing', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http', annotations: asking });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    await using held = await session.intercept({ workload: 'cart', name: 'hers', handler: () => new Response('ada') });
    const [record] = await session.list();
    const url = await shop.url('cart');
    await using mallory = await Person.make(cluster, { namespace, name: 'mallory' });
    await using impostor = await Impostor.connect(mallory, session.id);

    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(url)));
    const stolen = await impostor.askTheApp(`${namespace}/hers`).catch((error: Error) => error.message);
    const forged = await mallory.overwrite(record?.name ?? '', impostor.fingerprint).catch((error: unknown) => error);

    expect(answers).toEqual(Array(8).fill('ada'));
    expect(impostor.offered).toBe(0);
    expect(stolen).toMatch(/forbidden/);
    expect(forged).toMatchObject({ code: 'forbidden' });
    expect(await impostor.pretendToBeAnAgent(shop, 'cart').catch((error: Error) => error.message)).toMatch(
      /token|refused/,
    );
    expect(held.phase).toBe('active');
  });
});
