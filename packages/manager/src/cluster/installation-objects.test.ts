import { installNames, installObjects } from '@fairlead/install';
import {
  interceptCrd as adapterCrd,
  agentImageAnnotation,
  type KubernetesObject,
  managerCaAnnotation,
} from '@fairlead/k8s-adapter';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../testing/memory-objects.ts';
import { CaPublisher, type WebhookConfigurationObject } from './ca-publisher.ts';
import { InjectionSwitch } from './injection-switch.ts';
import { LeaderLabel } from './leader-label.ts';

const { podWebhook, interceptWebhook, manager, roleLabel } = installNames;

const ofKind = (kind: string): KubernetesObject[] => installObjects().filter((object) => object.kind === kind);
const configurations = (): MemoryObjects<WebhookConfigurationObject> =>
  new MemoryObjects(...(ofKind('MutatingWebhookConfiguration') as WebhookConfigurationObject[]));
const services = (): MemoryObjects<KubernetesObject> => new MemoryObjects(...ofKind('Service'));

describe('what the installation brings', () => {
  it('defines intercepts as the adapter writes them', () => {
    const [crd] = ofKind('CustomResourceDefinition') as (KubernetesObject & { readonly spec: object })[];

    expect(withoutDescriptions(crd?.spec)).toEqual(withoutDescriptions(adapterCrd.spec));
  });
});

describe('the CA publisher', () => {
  it('tells every webhook and the clients, once', async () => {
    const [webhooks, known] = [configurations(), services()];
    const publisher = new CaPublisher({
      configurations: webhooks,
      services: known,
      watch: (name, options) => webhooks.watch(name, options),
      namespace: 'fairlead',
      caAnnotation: managerCaAnnotation,
      annotations: { [agentImageAnnotation]: 'fairlead:1' },
    });

    await publisher.publish('PEM');
    const first = await webhooks.read({ name: podWebhook });
    await publisher.publish('PEM');

    for (const name of [podWebhook, interceptWebhook]) {
      const { webhooks: all = [] } = (await webhooks.read({ name })) ?? {};
      expect(all.map(({ clientConfig }) => clientConfig.caBundle)).toEqual(all.map(() => 'UEVN'));
      expect(all.every(({ clientConfig }) => clientConfig.service?.name === 'fairlead-injector')).toBe(true);
    }
    expect(await webhooks.read({ name: podWebhook })).toEqual(first);
    const service = await known.read({ namespace: 'fairlead', name: manager });
    expect(service?.metadata.annotations).toEqual({
      [managerCaAnnotation]: 'PEM',
      [agentImageAnnotation]: 'fairlead:1',
    });
  });

  it('keeps its hands off another installation', async () => {
    const webhooks = configurations();
    const watch = (name: string) => webhooks.watch(name);
    const parts = { configurations: webhooks, services: services(), watch, caAnnotation: 'ca', annotations: {} };
    const publisher = new CaPublisher({ ...parts, namespace: 'second' });

    const another = {
      code: 'conflict',
      message: expect.stringMatching(/belongs to the installation in namespace fairlead/),
      hint: expect.stringContaining('one installation'),
    };
    await expect(publisher.publish('PEM')).rejects.toMatchObject(another);
    await expect(publisher.checkOwner()).rejects.toMatchObject(another);
    await expect(new CaPublisher({ ...parts, namespace: 'fairlead' }).checkOwner()).resolves.toBeUndefined();
  });

  it('complains when it was not installed', async () => {
    const configurations = new MemoryObjects<WebhookConfigurationObject>();
    const watch = (name: string) => configurations.watch(name);
    const parts = { configurations, services: services(), watch, caAnnotation: 'ca', annotations: {} };

    await expect(new CaPublisher({ ...parts, namespace: 'fairlead' }).publish('PEM')).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

describe('the injection switch', () => {
  it('has the API server ask about pods no more', async () => {
    const webhooks = configurations();

    await new InjectionSwitch(webhooks).off();

    expect((await webhooks.read({ name: podWebhook }))?.webhooks).toEqual([]);
    expect((await webhooks.read({ name: interceptWebhook }))?.webhooks).toHaveLength(1);
  });
});

describe('the label of the leader', () => {
  it('is on one pod only, whoever had it before', async () => {
    const namespace = 'fairlead';
    const pods = new MemoryObjects<KubernetesObject>(
      { metadata: { namespace, name: 'old', labels: { app: 'fairlead', [roleLabel]: 'leader' } } },
      { metadata: { namespace, name: 'new', labels: { app: 'fairlead' } } },
    );
    const label = new LeaderLabel(pods, { namespace, podName: 'new' });
    const labelled = async (): Promise<(string | undefined)[]> =>
      (await pods.list(namespace, { labelSelector: `${roleLabel}=leader` })).items.map(({ metadata }) => metadata.name);

    await label.put();
    expect(await labelled()).toEqual(['new']);
    await label.remove();

    expect(await labelled()).toEqual([]);
    expect((await pods.read({ namespace, name: 'old' }))?.metadata.labels).toEqual({ app: 'fairlead' });
  });
});

function withoutDescriptions(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (name, item: unknown) => (name === 'description' ? undefined : item)));
}
