import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, startLoad } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { appImage } from '../k8s-adapter/real-shop.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { Person } from '../stories/person.ts';

const namespace = 'fairlead-e2e-webhook';
const asking = { 'fairlead.dev/inject-traffic-agent': 'enabled' };

type Configuration = KubernetesObject & {
  readonly webhooks: readonly { readonly clientConfig: { readonly service: { readonly port: number } } }[];
};

let installation: Installation;

/** Has the API server ask a port about pods where nobody listens; resolves with what mends it. */
async function breakPodWebhook(): Promise<() => Promise<void>> {
  const configurations = installation.cluster.objects<Configuration>('mutatingWebhookConfigurations');
  const lead = async (port: number): Promise<void> => {
    const { webhooks = [] } = (await configurations.read({ name: 'fairlead-pods' })) ?? {};
    const led = webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, service: { ...webhook.clientConfig.service, port } },
    }));
    await configurations.patch({ name: 'fairlead-pods' }, 'merge', { webhooks: led });
  };
  await lead(444);
  return () => lead(443);
}

describe.runIf(hasCluster)('a webhook that is broken', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    installation = await Installation.toHurt();
  });
  afterAll(async () => await installation?.[Symbol.asyncDispose]());

  it('is named when an intercept cannot be prepared; mended, the next try works without any cleaning up (case 32)', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http' });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    const url = await shop.url('cart');
    await cluster.until(() => ask(url).catch(() => undefined));
    const load = startLoad(url, 2);
    const take = () => session.intercept({ workload: 'cart', handler: () => new Response('mine'), timeoutMs: 180_000 });

    const mend = await breakPodWebhook();
    const failure = await take()
      .catch((error: unknown) => error)
      .finally(mend);

    expect(failure).toMatchObject({ code: 'agent-not-ready', hint: expect.stringContaining('injector') });
    expect(await shop.serving('cart')).toHaveLength(1);
    await using held = await take();
    await load.stop();
    expect([held.phase, await ask(url)]).toEqual(['active', 'mine']);
    expect(load.failures).toEqual([]);
  });

  it('leaves pods as they are, bare ones too, and lets nobody intercept whom it cannot ask about (case 36)', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    const deployment = { namespace: 'fairlead', name: 'fairlead-manager' };
    const scale = (replicas: number): Promise<unknown> =>
      cluster.objects('deployments').patch(deployment, 'merge', { spec: { replicas } });
    await scale(0);
    try {
      await installation.untilGone();
      const bare = {
        metadata: { namespace, name: 'bare', labels: { app: 'bare' }, annotations: asking },
        spec: { containers: [{ name: 'app', image: appImage, imagePullPolicy: 'IfNotPresent' }] },
      };
      await cluster.objects('pods').create(bare as KubernetesObject);
      await shop.deploy({ name: 'cart', annotations: asking, portName: 'http' });
      await cluster.until(async () => ((await shop.serving('bare')).length === 1 ? true : undefined));
      const fingerprint = 'f'.repeat(64);
      const spec = {
        mode: 'intercept',
        workload: { namespace, name: 'cart' },
        ports: [],
        session: { id: 's', fingerprint, label: 'nobody' },
      };
      const refused = await cluster
        .objects('intercepts')
        .create({ metadata: { namespace, name: 'first' }, spec } as KubernetesObject)
        .catch((error: unknown) => error);

      expect(await shop.injected('bare')).toHaveLength(0);
      expect(await shop.injected('cart')).toHaveLength(0);
      expect(refused).toMatchObject({ message: expect.stringContaining('intercepts.fairlead.dev') });
    } finally {
      await scale(1);
      await installation.untilLed();
    }
  });
});
