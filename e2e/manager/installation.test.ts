import { FairleadError } from '@fairlead/core';
import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startLoad } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { Person } from '../stories/person.ts';
import { Installation } from './installation.ts';
import { InstalledShop } from './installed-shop.ts';
import { leftovers } from './leftovers.ts';

const namespace = 'fairlead-e2e-installed';
const unmanaged = 'fairlead-e2e-unmanaged';
type ConfigMap = KubernetesObject & { readonly data?: Readonly<Record<string, string>> };
const asking = { 'fairlead.dev/inject-traffic-agent': 'enabled' };

let installation: Installation;

/** One after the other on one installation: the last test takes it away. */
describe.runIf(hasCluster)('an installation on a real cluster', () => {
  beforeAll(async () => {
    installation = await Installation.make({ namespaces: [namespace] });
  });
  afterAll(async () => await installation?.[Symbol.asyncDispose]());

  it('refuses a namespace outside its own, with words that say so (case 35)', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, unmanaged);
    await shop.deploy({ name: 'cart', portName: 'http' });
    await using ada = await Person.make(cluster, { namespace: unmanaged, name: 'ada' });
    await using session = await ada.connect();

    const refused = await session.intercept({ workload: 'cart', to: 9 }).catch((error: unknown) => error);

    expect(refused).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining(`does not look after namespace ${unmanaged}`),
    });
    expect(await shop.injected('cart')).toHaveLength(0);
  });

  it('brings agents up to date after an upgrade, and replaces nothing where nothing differs', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', replicas: 2, annotations: asking, portName: 'http' });
    const uids = await shop.uids();

    await installation.upgrade({});
    expect(await shop.uids()).toEqual(uids);
    await installation.upgrade({ agentLogLevel: 'debug' });

    const map = await cluster.objects<ConfigMap>('configMaps').read({ namespace, name: 'telepresence-agents' });
    expect(parse(map?.data?.['deployment.cart'] ?? '')).toMatchObject({ logLevel: 'debug' });
    expect(await shop.injected('cart')).toHaveLength(2);
    expect([...(await shop.uids())].filter((uid) => uids.has(uid))).toEqual([]);
  });

  it('creates pods as they are while the injector is down, and refuses intercepts, as nobody says who asks', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    const scale = (replicas: number): Promise<unknown> =>
      cluster
        .objects('deployments')
        .patch({ namespace: installation.options.namespace, name: 'fairlead-manager' }, 'merge', {
          spec: { replicas },
        });

    await scale(0);
    await installation.untilGone();
    await shop.deploy({ name: 'cart', annotations: asking, portName: 'http' });
    const intercept = {
      metadata: { namespace, name: 'first' },
      spec: {
        mode: 'intercept',
        workload: { namespace, name: 'cart' },
        ports: [],
        session: { id: 's', fingerprint: 'f'.repeat(64), label: 'nobody' },
      },
    };
    const refused = await cluster
      .objects('intercepts')
      .create(intercept)
      .catch((error: unknown) => error);
    await scale(1);
    await installation.apply(installation.options);

    expect(await shop.serving('cart')).toHaveLength(1);
    expect(await shop.injected('cart')).toHaveLength(0);
    expect(refused).toBeInstanceOf(FairleadError);
  });

  it('of two replicas has one that leads, and the other one soon after that is killed; no pod is replaced for it', async () => {
    await installation.apply({ namespaces: [namespace], replicas: 2 });
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', replicas: 2, annotations: asking, portName: 'http' });
    const uids = await shop.uids();
    const before = await installation.leader();

    const began = performance.now();
    const path = `/api/v1/namespaces/${installation.options.namespace}/pods/${before}`;
    const body = { gracePeriodSeconds: 0 };
    await cluster.connection.request({ verb: 'delete', method: 'DELETE', path, body });
    const after = await cluster.until(async () => {
      const leader = await installation.leader();
      return leader === before ? undefined : leader;
    });
    const tookMs = performance.now() - began;

    console.log(`another replica leads after ${tookMs.toFixed(0)} ms`);
    expect(after).not.toBe(before);
    expect(tookMs).toBeLessThan(10_000);
    await installation.apply({ namespaces: [namespace], replicas: 2 });
    await shop.deploy({ name: 'bank', annotations: asking, portName: 'http' });
    expect(await shop.injected('bank')).toHaveLength(1);
    const still = await shop.uids();
    expect([...uids].every((uid) => still.has(uid))).toBe(true);
  });

  it('injects pods that ask for it, leaves the others alone, and goes without a trace or a lost request', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy(
      { name: 'cart', replicas: 3, annotations: asking, portName: 'http' },
      { name: 'bank', annotations: asking },
      { name: 'plain', portName: 'http' },
    );
    const specs = await shop.specs();

    expect(await shop.injected('cart')).toHaveLength(3);
    expect(await shop.injected('bank')).toHaveLength(1);
    expect(await shop.injected('plain')).toHaveLength(0);
    const urls = await Promise.all(['cart', 'bank'].map((name) => shop.url(name)));
    const loads = urls.map((url) => startLoad(url, 4));
    await installation.uninstall();
    for (const load of loads) await load.stop();

    const lost = loads.map(({ failures, answered }) => `${failures.length} of ${answered}`);
    console.log(`lost during the uninstall: ${lost.join(', ')}`);
    expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
    expect(await shop.injected('cart')).toHaveLength(0);
    expect(await shop.serving('cart')).toHaveLength(3);
    expect(await shop.specs()).toEqual(specs);
    expect(await leftovers(cluster)).toEqual([]);
  });
});
