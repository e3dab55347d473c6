import { FairleadError, ManualClock, SilentLogger } from '@fairlead/core';
import { installNames, installObjects } from '@fairlead/install';
import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { describe, expect, it } from 'vitest';
import { CaPublisher, type CaPublisherParts, type WebhookConfigurationObject } from './cluster/ca-publisher.ts';
import { publishCertificates } from './publish-certificates.ts';
import { MemoryObjects } from './testing/memory-objects.ts';

const name = installNames.podWebhook;
const encoded = Buffer.from('PEM').toString('base64');
const ofKind = (kind: string): KubernetesObject[] => installObjects().filter((object) => object.kind === kind);

describe('publishing certificates', () => {
  it('writes them anew as soon as somebody takes them away', async () => {
    await using made = publishing();
    await made.clock.advance(5_000);
    expect(await made.bundles()).toEqual([encoded]);

    made.takeAway();
    await made.clock.advance(0);

    expect(await made.bundles()).toEqual([encoded]);
  });

  it('does so once in a second for somebody who takes them away at once', async () => {
    await using made = publishing();
    let taken = 0;
    made.webhooks.patch = async (...args) => {
      if (++taken > 100) throw new FairleadError('conflict', 'much too often');
      const patched = await MemoryObjects.prototype.patch.call(made.webhooks, ...args);
      made.takeAway();
      return patched as WebhookConfigurationObject;
    };

    await made.clock.advance(10_000);

    expect(taken).toBeGreaterThanOrEqual(10);
    expect(taken).toBeLessThanOrEqual(24);
  });

  it('looks once a minute where it may not watch', async () => {
    await using made = publishing({
      watch: () => {
        throw new FairleadError('forbidden', 'you may not watch');
      },
    });
    await made.clock.advance(1_000);
    made.takeAway();

    await made.clock.advance(50_000);
    expect(await made.bundles()).toEqual([undefined]);
    await made.clock.advance(15_000);

    expect(await made.bundles()).toEqual([encoded]);
  });
});

/** A publication that goes on until disposal, by a clock that stands still. */
function publishing(changes: Partial<CaPublisherParts> = {}) {
  const applied = ofKind('MutatingWebhookConfiguration') as WebhookConfigurationObject[];
  const webhooks = new MemoryObjects(...applied);
  const services = new MemoryObjects(...ofKind('Service'));
  const publisher = new CaPublisher({
    configurations: webhooks,
    services,
    watch: (one, options) => webhooks.watch(one, options),
    namespace: 'fairlead',
    caAnnotation: 'ca',
    annotations: {},
    ...changes,
  });
  const clock = new ManualClock();
  const stop = new AbortController();
  const certificates = {
    caBundle: () => 'PEM',
    watch: async function* () {},
  };
  const parts = { certificates, publisher, onPublished: () => {}, clock, logger: new SilentLogger() };
  const ended = publishCertificates(parts, stop.signal);
  return {
    webhooks,
    clock,
    /** As somebody does who applies the installation anew. */
    takeAway: (): void => {
      for (const object of applied) webhooks.put(object);
    },
    /** What the webhooks of the configuration for pods have, each once. */
    async bundles(): Promise<(string | undefined)[]> {
      const found = await webhooks.read({ name });
      return [...new Set(found?.webhooks?.map(({ clientConfig }) => clientConfig.caBundle))];
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}
