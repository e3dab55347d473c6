import { describe, expect, it } from 'vitest';
import type { EventObject } from '../objects/event-object.ts';
import type { ContainerState, PodObject } from '../objects/pod-object.ts';
import { problemOfCreation, problemOfEvents, problemOfStatus } from './pod-problem.ts';

describe('the problem of a pod', () => {
  it.each([
    ['image-pull', { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nope:1"' } }, /nope:1/],
    ['image-pull', { waiting: { reason: 'ErrImageNeverPull' } }, /app: ErrImageNeverPull/],
    ['config', { waiting: { reason: 'CreateContainerConfigError', message: 'secret "x" not found' } }, /secret "x"/],
    ['crash', { terminated: { exitCode: 3, reason: 'Error' } }, /exit code 3/],
  ])('is %s when a container says so', (cause, state, message) => {
    expect(problemOfStatus(aPod({ state }))).toEqual({ cause, message: expect.stringMatching(message) });
  });

  it('is a crash with the last words of the one before, when the container waits to be restarted', () => {
    const terminated = { exitCode: 137, reason: 'OOMKilled', message: 'starting\nout of memory\n' };

    const problem = problemOfStatus(
      aPod({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated } }),
    );

    expect(problem).toEqual({
      cause: 'crash',
      message: 'container app: CrashLoopBackOff: ended with exit code 137 (OOMKilled): out of memory',
    });
  });

  it('is that no node takes it', () => {
    const message = '0/3 nodes are available: 3 Insufficient memory.';
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];

    expect(problemOfStatus({ metadata: {}, status: { conditions } })).toEqual({ cause: 'unschedulable', message });
  });

  it('is its own end when it was evicted', () => {
    const status = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory.' };

    expect(problemOfStatus({ metadata: {}, status })).toMatchObject({
      message: 'Evicted: The node was low on memory.',
    });
  });

  it('is none while it starts, serves or ends', () => {
    const waiting = { reason: 'ContainerCreating' };
    const serving = { conditions: [{ type: 'Ready', status: 'True' }] };
    const crashed = aPod({ state: { terminated: { exitCode: 1 } } });

    expect(problemOfStatus(aPod({ state: { waiting } }))).toBeUndefined();
    expect(problemOfStatus({ metadata: {}, status: serving })).toBeUndefined();
    expect(problemOfStatus({ ...crashed, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })).toBeUndefined();
  });

  it('is what the most telling warning says, the last one of its kind', () => {
    const events = [
      anEvent('Unhealthy', 'Readiness probe failed: 404', '2026-01-01T00:00:01Z'),
      anEvent('Unhealthy', 'Readiness probe failed: 503', '2026-01-01T00:00:02Z'),
      anEvent('BackOff', 'irrelevant', '2026-01-01T00:00:03Z'),
    ];

    expect(problemOfEvents(events)).toEqual({ cause: 'probe', message: 'Readiness probe failed: 503' });
    expect(problemOfEvents([...events, anEvent('FailedMount', 'no such map', '')])).toMatchObject({ cause: 'config' });
    expect(problemOfEvents([])).toBeUndefined();
  });
});

describe('the problem of a controller that cannot make a pod', () => {
  it.each([
    ['quota', 'pods "cart-1" is forbidden: exceeded quota: small, requested: pods=1'],
    ['quota', 'pods "cart-1" is forbidden: failed quota: small: must specify limits.cpu'],
    ['admission', 'admission webhook "policy.example" denied the request: no'],
    ['admission', 'pods "cart-1" is forbidden: violates PodSecurity "restricted:latest"'],
    [
      'admission',
      'Internal error occurred: failed calling webhook "policy.example": Post "https://policy.example.svc:443/": dial tcp 198.19.0.7:443: connect: connection refused',
    ],
    ['other', 'Timeout: request did not complete within requested timeout'],
  ])('is %s: %s', (cause, message) => {
    expect(problemOfCreation({ metadata: {}, message })).toEqual({ cause, message });
  });
});

function aPod(container: { readonly state?: ContainerState; readonly lastState?: ContainerState }): PodObject {
  return { metadata: {}, status: { phase: 'Pending', containerStatuses: [{ name: 'app', ...container }] } };
}

function anEvent(reason: string, message: string, lastTimestamp: string): EventObject {
  return { metadata: {}, type: 'Warning', reason, message, lastTimestamp };
}
