import { describe, expect, it } from 'vitest';
import { mutatePod } from './mutate-pod.ts';
import { aConfig, anApp, aPod, byName } from './testing/pod-fixtures.ts';
import { WebhookInjector } from './webhook-injector.ts';

describe('WebhookInjector', () => {
  it('mutates with the options that it was made with', () => {
    const [pod, config] = [aPod([anApp()]), aConfig({ app: [byName()] })];
    const options = { configMapName: 'agents', requireIdentity: true };
    const injector = new WebhookInjector(options);

    expect(injector.inject(pod, config)).toEqual(mutatePod(pod, config, options));
    expect(() => injector.inject({ ...pod, metadata: {} }, config)).toThrow(
      expect.objectContaining({ code: 'bad-manifest' }),
    );
  });
});
