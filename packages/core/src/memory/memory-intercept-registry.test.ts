import { describe, expect, it } from 'vitest';
import { describeInterceptRegistry } from '../conformance/intercept-registry.ts';
import { sampleDraft } from '../conformance/samples.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryInterceptRegistry } from './memory-intercept-registry.ts';

describeInterceptRegistry('MemoryInterceptRegistry', {
  create: async () => ({
    registry: new MemoryInterceptRegistry(new ManualClock()),
    async [Symbol.asyncDispose]() {},
  }),
});

describe('MemoryInterceptRegistry', () => {
  it('notes who asked, as the cluster would establish it', async () => {
    const ada = { user: 'ada', groups: ['dev'] };
    const registry = new MemoryInterceptRegistry(new ManualClock(), { requesterOf: () => ada });

    expect((await registry.create(sampleDraft())).requester).toEqual(ada);
  });

  it('names the holder of a name that is taken', async () => {
    const registry = new MemoryInterceptRegistry(new ManualClock());
    await registry.create(sampleDraft());

    const other = registry.create(sampleDraft({ session: { id: 's2', fingerprint: 'f2', label: 'bob@desk' } }));

    await expect(other).rejects.toMatchObject({ holder: { intercept: 'first', session: 'ada@laptop' } });
  });

  it('takes specs as equal whatever the order of their members', async () => {
    const registry = new MemoryInterceptRegistry(new ManualClock());
    const { spec } = sampleDraft();
    const record = await registry.create(
      sampleDraft({ spec: { ...spec, match: { path: '/a', headers: { a: '1', b: { prefix: '2' } } } } }),
    );

    const again = await registry.create(
      sampleDraft({ spec: { match: { headers: { b: { prefix: '2' }, a: '1' }, path: '/a' }, ...spec } }),
    );

    expect(again).toEqual(record);
  });
});
