import { describe, expect, it } from 'vitest';
import { samplePod } from '../conformance/samples.ts';
import type { PodProblem } from '../model/pod.ts';
import { problemOf, servingPods } from './observe-pods.ts';

const pull: PodProblem = { cause: 'image-pull', message: 'no such image' };
const crash: PodProblem = { cause: 'crash', message: 'exit 1' };

describe('servingPods', () => {
  it('leaves out pods that are not ready, on their way out or over', () => {
    const pods = [
      samplePod({ name: 'fine' }),
      samplePod({ name: 'starting', ready: false }),
      samplePod({ name: 'dying', deleting: true }),
      samplePod({ name: 'over', phase: 'Succeeded' }),
    ];

    expect(servingPods(pods).map((pod) => pod.name)).toEqual(['fine']);
  });
});

describe('problemOf', () => {
  it('knows no problem of healthy pods', () => {
    expect(problemOf([samplePod(), samplePod({ problem: crash })], 'h')).toBeUndefined();
  });

  it('prefers a decisive cause, and says that waiting will not help', () => {
    const pods = [aTroubled('a', crash, 'h'), aTroubled('b', pull, 'h')];

    expect(problemOf(pods, 'h')).toMatchObject({
      decisive: true,
      error: { code: 'agent-not-ready', message: 'pod b does not become ready: image-pull: no such image' },
    });
  });

  it('names a cause that may pass without calling it decisive', () => {
    expect(problemOf([aTroubled('a', crash, 'h')], 'h')).toMatchObject({ decisive: false });
  });

  it('does not blame the config for the troubles of pods without it, but names them', () => {
    expect(problemOf([aTroubled('a', pull)], 'h')).toMatchObject({
      decisive: false,
      error: { message: expect.stringContaining('pod a') },
    });
    expect(problemOf([aTroubled('a', pull), aTroubled('b', pull, 'h')], 'h')).toMatchObject({
      decisive: true,
      error: { message: expect.stringContaining('pod b') },
    });
  });

  it('does not look at pods on their way out', () => {
    expect(problemOf([{ ...aTroubled('a', pull, 'h'), deleting: true }], 'h')).toBeUndefined();
  });
});

function aTroubled(name: string, problem: PodProblem, configHash?: string): ReturnType<typeof samplePod> {
  return samplePod({ name, ready: false, problem, ...(configHash && { configHash }) });
}
