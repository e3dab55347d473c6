import { describe, expect, it } from 'vitest';
import { keyOf } from '../conformance/samples.ts';
import type { ControlPlanePorts } from './control-plane-options.ts';
import { cart, podNames, Story } from './testing/story.ts';

const key = keyOf(cart());

describe('others who write at the same time', () => {
  it('writes a config again that somebody else changed in between', async () => {
    let rivals = 2;
    await using story = new Story({
      ports: (usual) => ({
        agentConfigStore: rivalry(usual, async (store) => {
          if (rivals-- <= 0) return;
          const present = await store.read(key);
          const config = present?.config ?? { ...theirs, hash: `rival-${rivals}` };
          await store.write(key, { ...config, logLevel: `rival-${rivals}` }, present?.revision);
        }),
      }),
    });
    await story.start();
    await story.deploy();
    story.connect();

    await story.ask('mine');

    expect(await story.phase('mine')).toBe('active');
    expect((await story.cluster.store.read(key))?.config.logLevel).toBe('info');
  });

  it('writes a status again over a record that somebody touched in between', async () => {
    let touches = 3;
    await using story = new Story({
      ports: ({ interceptRegistry: registry }) => ({
        interceptRegistry: {
          create: (...args) => registry.create(...args),
          read: (...args) => registry.read(...args),
          list: (...args) => registry.list(...args),
          watch: (...args) => registry.watch(...args),
          delete: (...args) => registry.delete(...args),
          updateStatus: async (record, status, expected, options) => {
            const present = await registry.read(record.namespace, record.name);
            if (present && touches-- > 0) await registry.updateStatus(present, present.status, present.revision);
            return registry.updateStatus(record, status, expected, options);
          },
        },
      }),
    });
    await story.start();
    await story.deploy();
    story.connect();

    await story.ask('mine');

    expect(await story.phase('mine')).toBe('active');
  });

  it.each(['deleted', 'replaced by another'])('writes no status to a record that was %s in between', async (how) => {
    let isFirst = true;
    await using story = new Story({
      ports: ({ interceptRegistry: registry }) => ({
        interceptRegistry: {
          create: (...args) => registry.create(...args),
          read: (...args) => registry.read(...args),
          list: (...args) => registry.list(...args),
          watch: (...args) => registry.watch(...args),
          delete: (...args) => registry.delete(...args),
          updateStatus: async (record, status, expected, options) => {
            if (isFirst) {
              isFirst = false;
              await registry.delete('shop', 'mine');
              if (how !== 'deleted') await story.ask('mine', { ports: [{ port: 'ghost' }] }, 'bob');
            }
            return registry.updateStatus(record, status, expected, options);
          },
        },
      }),
    });
    await story.start();
    await story.deploy();
    story.connect('ada');
    story.connect('bob');

    await story.ask('mine', {}, 'ada');

    await story.settle();
    const told = story.told('mine');
    expect(told.slice(told.indexOf('gone') + 1)).toEqual(
      how === 'deleted' ? [] : ['requested', 'refused, no-such-port'],
    );
  });

  it('uses the manual entry that somebody stored in between', async () => {
    let rivals = 1;
    await using story = new Story({
      ports: (usual) => ({
        agentConfigStore: rivalry(usual, async (store) => {
          if (rivals-- > 0) await store.write(key, { ...theirs, manual: true });
        }),
      }),
    });
    await story.start();
    await story.deploy();
    const pods = podNames(story);
    story.connect();

    await story.ask('mine');

    expect(await story.phase('mine')).toBe('waiting');
    expect((await story.cluster.store.read(key))?.config.manual).toBe(true);
    expect(podNames(story)).toEqual(pods);
  });
});

const theirs = {
  schemaVersion: 1,
  hash: 'theirs',
  agentName: 'cart',
  agentImage: 'their/agent:1',
  namespace: 'shop',
  workloadName: 'cart',
  workloadKind: 'Deployment',
  managerHost: 'theirs',
  managerPort: 1,
  logLevel: 'debug',
  containers: [
    {
      name: 'app',
      envPrefix: 'A_',
      mountPoint: '/tel_app_mounts/app',
      mounts: [],
      intercepts: [
        {
          containerPortName: 'http',
          containerPort: 8080,
          serviceName: 'cart',
          serviceUID: '',
          servicePortName: 'http',
          servicePort: 80,
          protocol: 'TCP',
          appProtocol: '',
          headless: false,
          targetPortNumeric: false,
          redirect: 'rename',
          agentPort: 9900,
        },
      ],
    },
  ],
} as const;

/** A store before each of whose writes somebody else does something. */
function rivalry(
  { agentConfigStore: store }: ControlPlanePorts,
  before: (store: ControlPlanePorts['agentConfigStore']) => Promise<void>,
): ControlPlanePorts['agentConfigStore'] {
  return {
    read: (...args) => store.read(...args),
    list: (...args) => store.list(...args),
    delete: (...args) => store.delete(...args),
    watch: (...args) => store.watch(...args),
    write: async (...args) => {
      await before(store);
      return store.write(...args);
    },
  };
}
