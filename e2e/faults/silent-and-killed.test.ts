import { setTimeout as sleep } from 'node:timers/promises';
import type { Intercept } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askAs, startLoad } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { killContainer, whileContainerStopped } from '../manager/containers.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { RunningCommand } from '../stories/command.ts';
import { Person } from '../stories/person.ts';
import { serveText } from '../stories/serve-text.ts';

const namespace = 'fairlead-e2e-killed';
const asking = { 'fairlead.dev/inject-traffic-agent': 'enabled' };
const manager = { namespace: 'fairlead', labelSelector: 'app.kubernetes.io/component=manager' };
const agent = { namespace, labelSelector: 'app=cart', container: 'traffic-agent' };

let installation: Installation;

const untilActive = (held: Intercept, replicas: number): Promise<void> =>
  expect
    .poll(() => [held.phase, held.replicas.ready, held.replicas.total], { timeout: 60_000, interval: 200 })
    .toEqual(['active', replicas, replicas]);

describe.runIf(hasCluster)('what is killed or falls silent', { timeout: 150_000 }, () => {
  beforeAll(async () => {
    installation = await Installation.toHurt();
  });
  afterAll(async () => await installation?.[Symbol.asyncDispose]());

  it.each([
    ['a traffic-agent that is killed', () => killContainer(installation.cluster, agent)],
    [
      'a traffic-agent that is silent for 20 s',
      () => whileContainerStopped(installation.cluster, agent, () => sleep(20_000)),
    ],
    [
      'a traffic-manager that is silent for 20 s',
      () => whileContainerStopped(installation.cluster, manager, () => sleep(20_000)),
    ],
  ])('%s comes back to its intercepts, and no pod is replaced for it (cases 25, 30, 33)', async (_what, hurt) => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', replicas: 2, portName: 'http', annotations: asking });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    await using held = await session.intercept({
      workload: 'cart',
      match: { headers: { 'x-run': session.key } },
      handler: () => new Response('mine'),
    });
    const [before, url] = [await shop.uids(), await shop.url('cart')];

    await hurt();
    await cluster.until(async () => {
      // A pod without its agent's listener refuses connections for as long as Kubernetes calls it ready.
      const answers = Array.from({ length: 8 }, () => askAs(url, session.key).catch(() => 'nobody'));
      return (await Promise.all(answers)).every((answer) => answer === 'mine') ? true : undefined;
    });
    await untilActive(held, 2);
    expect(await ask(url)).toMatch(/^cart-/);
    expect(await shop.uids()).toEqual(before);
  });

  it('a client that is killed: the app answers at once, its intercept is gone within the lease, then another gets it (case 38)', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http', annotations: asking });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using bob = await Person.make(cluster, { namespace, name: 'bob' });
    await using mine = await serveText('mine');
    const url = await shop.url('cart');
    await using doomed = new RunningCommand(['intercept', 'cart', '--to', `127.0.0.1:${mine.port}`], ada.kubeconfig);
    await doomed.untilSaid('is active');
    expect(await ask(url)).toBe('mine');
    await using session = await bob.connect();
    const taking = () => session.intercept({ workload: 'cart', handler: () => new Response('bob') });
    expect(await taking().catch((error: unknown) => error)).toMatchObject({
      code: 'conflict',
      holder: { user: ada.user },
    });

    doomed.stop('SIGKILL');
    const killed = performance.now();
    await doomed.ended();
    await cluster.until(async () => ((await ask(url)).startsWith('cart-') ? true : undefined), 5_000);
    await cluster.until(async () => ((await session.list()).length === 0 ? true : undefined), 25_000);
    console.log(`freed ${(performance.now() - killed).toFixed(0)} ms after the client was killed`);

    await using held = await taking();
    expect([held.phase, await ask(url)]).toEqual(['active', 'bob']);
  });

  it('the leader of two, killed: the other one leads, and the intercept is active again (case 33)', async () => {
    const { cluster } = installation;
    await installation.apply({ replicas: 2 });
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', replicas: 2, portName: 'http', annotations: asking });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    await using held = await session.intercept({
      workload: 'cart',
      match: { headers: { 'x-run': session.key } },
      handler: () => new Response('mine'),
    });
    const [before, url, first] = [await shop.uids(), await shop.url('cart'), await installation.leader()];
    const load = startLoad(url, 2);

    const path = `/api/v1/namespaces/fairlead/pods/${first}`;
    await cluster.connection.request({ verb: 'delete', method: 'DELETE', path, body: { gracePeriodSeconds: 0 } });
    await cluster.until(async () => {
      const leader = await installation.leader();
      return leader === undefined || leader === first ? undefined : leader;
    });
    await untilActive(held, 2);
    await load.stop();

    expect(await askAs(url, session.key)).toBe('mine');
    expect(load.failures).toEqual([]);
    expect(await shop.uids()).toEqual(before);
    await installation.apply({ replicas: 1 });
  });
});
