import { describe, expect, it } from 'vitest';
import type { Pod } from '../model/pod.ts';
import { podsToReplace } from './pods-to-replace.ts';

function aPod(name: string, more: Partial<Pod> = {}): Pod {
  return {
    namespace: 'shop',
    name,
    uid: name,
    phase: 'Running',
    ready: true,
    deleting: false,
    labels: {},
    annotations: {},
    createdAt: '2026-01-01T00:00:00Z',
    ...more,
  };
}

const pods = [
  aPod('plain'),
  aPod('old', { configHash: 'h1' }),
  aPod('new', { configHash: 'h2' }),
  aPod('new-but-pending', { configHash: 'h2', phase: 'Pending', ready: false }),
  aPod('dying', { configHash: 'h1', deleting: true }),
  aPod('evicted', { phase: 'Failed', ready: false }),
  aPod('done', { phase: 'Succeeded', ready: false }),
];
const names = (hash: string | undefined) => podsToReplace(hash, pods).map(({ name }) => name);

describe('pods to replace', () => {
  it('are the living ones that have another config or none', () => {
    expect(names('h2')).toEqual(['plain', 'old']);
  });

  it('are the living ones with an agent when none is desired', () => {
    expect(names(undefined)).toEqual(['old', 'new', 'new-but-pending']);
  });
});
