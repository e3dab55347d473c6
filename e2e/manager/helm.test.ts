import { injectorProbe } from '@fairlead/k8s-adapter';
import { describe, expect, it } from 'vitest';
import { chart, helm, helmIsMissing } from '../../packages/install/src/testing/helm.ts';
import { hasCluster, RealCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation, image } from './installation.ts';
import { InstalledShop } from './installed-shop.ts';
import { leftovers } from './leftovers.ts';

const namespace = 'fairlead-e2e-helm';
const release = ['fairlead', '--namespace', namespace];
const asking = { 'fairlead.dev/inject-traffic-agent': 'enabled' };

describe.runIf(hasCluster && !helmIsMissing)('the Helm chart on a real cluster', () => {
  it('installs, upgrades with new agents, and uninstalls without a trace', async () => {
    await using cluster = await RealCluster.connect();
    await Installation.none(cluster);
    await cluster.claimNamespace(namespace);
    await using shop = await InstalledShop.open(cluster, 'fairlead-e2e-helm-shop');
    const common = ['--set', `image=${image}`, '--wait', '--timeout', '60s'];
    await helm('install', ...release, chart, ...common);
    await untilInjectorIsReached(cluster);
    await shop.deploy({ name: 'cart', replicas: 2, annotations: asking, portName: 'http' });
    const specs = await shop.specs();
    const before = await shop.uids();
    expect(await shop.injected('cart')).toHaveLength(2);

    await helm('upgrade', ...release, chart, ...common, '--set', 'agentLogLevel=debug');
    const after = await shop.uids();
    expect(await shop.injected('cart')).toHaveLength(2);
    expect([...after].filter((uid) => before.has(uid))).toEqual([]);

    await helm('uninstall', ...release, '--wait', '--timeout', '120s');
    expect(await shop.injected('cart')).toHaveLength(0);
    expect(await shop.serving('cart')).toHaveLength(2);
    expect(await shop.specs()).toEqual(specs);
    await cluster.until(async () => ((await leftovers(cluster)).length === 0 ? true : undefined), 10_000);
    expect(await leftovers(cluster)).toEqual([]);
  });
});

/** A ready Deployment says less. */
async function untilInjectorIsReached(cluster: RealCluster): Promise<void> {
  type Stamped = { readonly metadata: object; readonly spec?: { readonly requester?: object } };
  const path = '/apis/fairlead.dev/v1alpha1/namespaces/default/intercepts';
  const body = injectorProbe('default', 'fairlead e2e');
  await cluster.until(async () => {
    const asked = { verb: 'create', method: 'POST', path, query: { dryRun: 'All' }, body } as const;
    return (await cluster.connection.request<Stamped>(asked).catch(() => undefined))?.spec?.requester;
  });
}
