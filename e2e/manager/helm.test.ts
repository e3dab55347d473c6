import { injectorProbe } from '@fairlead/k8s-adapter';
import { describe, expect, it } from 'vitest';
import { chart, helm, helmBinary, helmIsMissing } from '../../packages/install/src/testing/helm.ts';
import { clusterBlocks, runLines } from '../docs/cluster-lines.ts';
import { Sandbox } from '../docs/sandbox.ts';
import { hasCluster, RealCluster } from '../k8s-adapter/real-cluster.ts';
import { documentedImage, Installation, loadDocumentedImage } from './installation.ts';
import { InstalledShop } from './installed-shop.ts';
import { leftovers } from './leftovers.ts';

/** As the page about installing says. */
const release = ['fairlead', '--namespace', 'fairlead'];
const asking = { 'fairlead.dev/inject-traffic-agent': 'enabled' };

describe.runIf(hasCluster && !helmIsMissing)('the Helm chart on a real cluster', () => {
  it('installs, upgrades with new agents, and uninstalls without a trace', async () => {
    await using cluster = await RealCluster.connect();
    await loadDocumentedImage();
    await Installation.none(cluster);
    await using shop = await InstalledShop.open(cluster, 'fairlead-e2e-helm-shop');
    await using sandbox = new Sandbox('quick-start', { KUBECONFIG: process.env.KUBECONFIG });
    sandbox.provide('helm', `#!/bin/sh\nexec '${await helmBinary()}' "$@"\n`);
    const blocks = clusterBlocks('helm');
    expect(blocks).toHaveLength(1);
    for (const block of blocks) await runLines(sandbox, block, {});
    await untilInjectorIsReached(cluster);
    await shop.deploy({ name: 'cart', replicas: 2, annotations: asking, portName: 'http' });
    const specs = await shop.specs();
    const before = await shop.uids();
    expect(await shop.injected('cart')).toHaveLength(2);

    const changed = ['--set', `image=${documentedImage}`, '--set', 'agentLogLevel=debug'];
    await helm('upgrade', ...release, chart, ...changed, '--wait', '--timeout', '60s');
    const after = await shop.uids();
    expect(await shop.injected('cart')).toHaveLength(2);
    expect([...after].filter((uid) => before.has(uid))).toEqual([]);

    await helm('uninstall', ...release, '--wait', '--timeout', '120s');
    expect(await shop.injected('cart')).toHaveLength(0);
    expect(await shop.serving('cart')).toHaveLength(2);
    expect(await shop.specs()).toEqual(specs);
    // Helm makes a namespace when asked, and never takes one away.
    const namespaces = cluster.objects('namespaces');
    await namespaces.delete({ name: 'fairlead' });
    await cluster.until(async () => ((await namespaces.read({ name: 'fairlead' })) ? undefined : true));
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
