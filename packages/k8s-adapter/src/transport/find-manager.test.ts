import { describe, expect, it } from 'vitest';
import type { ContainerState, PodObject } from '../objects/pod-object.ts';
import { stores } from '../testing/cluster-objects.ts';
import { type ConnectedServer, connectMemory } from '../testing/connect-memory.ts';
import { registerManager } from '../testing/forward-ports.ts';
import type { StoredObject } from '../testing/object-store.ts';
import { servingStatus } from '../testing/pod-controllers.ts';
import { defaultManager, findManager } from './find-manager.ts';

const namespace = 'fairlead';

describe('a manager that does not serve', () => {
  it.each([
    ['has no pod', [], /there is none/],
    [
      'cannot pull its image',
      [status({ waiting: { reason: 'ErrImagePull', message: 'manifest unknown' } })],
      /pod fairlead-manager-0: image-pull: container manager: ErrImagePull: manifest unknown/,
    ],
    [
      'crashes',
      [status({ terminated: { exitCode: 1, message: 'bad configuration' } })],
      /crash: container manager: ended with exit code 1: bad configuration/,
    ],
    ['starts', [{ phase: 'Pending' }], /still starting/],
    ['has not elected a leader', [servingStatus, servingStatus], /have not agreed on one that leads/],
  ])('says so when it %s', async (_what, statuses, why) => {
    await using made = await connectMemory();
    replacePods(made, statuses);

    await expect(findManager(made.connection, defaultManager, {})).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(why),
    });
  });
});

function status(state: ContainerState): PodObject['status'] {
  return { phase: 'Pending', containerStatuses: [{ name: 'manager', state }] };
}

/** Replicas of the manager, none of which leads. */
function replacePods({ server: { store }, server }: ConnectedServer, statuses: readonly PodObject['status'][]): void {
  registerManager(server, 8081);
  store.remove(stores.Pod, store.get(stores.Pod, namespace, 'fairlead-manager-1') as StoredObject);
  statuses.forEach((each, index) => {
    const metadata = { namespace, name: `fairlead-manager-${index}`, labels: { app: 'fairlead-manager' } };
    store.add(stores.Pod, { metadata, spec: { containers: [] }, status: each } as never);
  });
}
