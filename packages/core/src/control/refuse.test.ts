import { describe, expect, it } from 'vitest';
import { keyOf, sampleConfig, sampleService } from '../conformance/samples.ts';
import { FairleadError } from '../errors.ts';
import type { InterceptSpec } from '../model/intercept.ts';
import type { Service } from '../model/service.ts';
import type { Workload } from '../model/workload.ts';
import { cart, podNames, Story } from './testing/story.ts';

const key = keyOf(cart());
const ports = [
  { name: 'http', port: 80, targetPort: 'http' },
  { name: 'other', port: 81, targetPort: 'http' },
];

interface Refusal {
  readonly what: string;
  readonly code: string;
  readonly workload?: Workload;
  readonly services?: readonly Service[];
  readonly spec?: Partial<InterceptSpec>;
}

const datagrams = {
  services: [sampleService({ ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] })],
  workload: cart({
    template: {
      ...cart().template,
      spec: { containers: [{ name: 'app', ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }] }] },
    },
  }),
};

const refusals: readonly Refusal[] = [
  { what: 'two ports to choose from', code: 'ambiguous-port', services: [sampleService({ ports })] },
  { what: 'a port that is not there', code: 'no-such-port', spec: { ports: [{ port: 'grpc' }] } },
  { what: 'no service', code: 'no-service', services: [] },
  {
    what: "pods on the host's network",
    code: 'host-network',
    workload: cart({ template: { ...cart().template, spec: { ...cart().template.spec, hostNetwork: true } } }),
  },
  { what: 'a match on a UDP port', code: 'unsupported', ...datagrams, spec: { match: { method: 'GET' } } },
  { what: 'a wiretap of a UDP port', code: 'unsupported', ...datagrams, spec: { mode: 'wiretap' } },
  { what: 'an unknown workload', code: 'workload-not-found', spec: { workload: { namespace: 'shop', name: 'ghost' } } },
  {
    what: 'a workload of another namespace',
    code: 'bad-request',
    spec: { workload: { namespace: 'bank', name: 'cart' } },
  },
  { what: 'a match that is no match', code: 'bad-match', spec: { match: { headers: { 'x-user': { regex: '(' } } } } },
  {
    what: 'more ports than there can be',
    code: 'bad-request',
    spec: { ports: Array.from({ length: 65 }, () => ({ port: 80 })) },
  },
];

describe('refusing an intercept', () => {
  it.each(refusals)('refuses $what before anything is touched', async ({ code, workload, services, spec }) => {
    await using story = new Story();
    await story.start();
    await story.deploy(workload ?? cart(), services ?? [sampleService()]);
    const pods = podNames(story);
    story.connect();

    await story.ask('mine', spec);

    expect(await story.status('mine')).toMatchObject({ phase: 'refused', error: { code } });
    expect(story.told('mine')).toEqual(['requested', `refused, ${code}`]);
    expect(podNames(story)).toEqual(pods);
    expect(await story.cluster.store.list('shop')).toEqual([]);
  });

  it('refuses a name that is taken, and leaves the first as it is (row 27)', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect('ada');
    await story.ask('mine', {}, 'ada');

    await expect(story.ask('mine', {}, 'bob')).rejects.toMatchObject({ code: 'conflict', holder: { session: 'ada' } });

    expect(await story.phase('mine')).toBe('active');
  });

  it('names the kinds when several workloads share the name', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    await story.deploy(cart({ kind: 'StatefulSet' }));

    await story.ask('mine');

    expect(await story.status('mine')).toMatchObject({
      phase: 'refused',
      error: { code: 'ambiguous-workload', candidates: ['deployment/cart', 'statefulset/cart'] },
    });
  });

  it('names the holder of what is taken, and leaves it alone (rows 31, 32; case 37)', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect('ada');
    story.connect('bob');
    await story.ask('first', {}, 'ada');

    await story.ask('second', {}, 'bob');

    expect(await story.status('second')).toMatchObject({
      phase: 'refused',
      error: { code: 'conflict', holder: { intercept: 'first', user: 'ada', session: 'ada' } },
    });
    expect(await story.phase('first')).toBe('active');
    expect(story.serving()).toEqual([['shop/first'], ['shop/first'], ['shop/first']]);
  });

  it('grants what was taken once the holder has left (case 37)', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect('ada');
    story.connect('bob');
    await story.ask('first', {}, 'ada');
    await story.ask('second', {}, 'bob');
    await story.leave('first');
    await story.leave('second');

    await story.ask('second', {}, 'bob');

    expect(await story.phase('second')).toBe('active');
  });

  it('says what to do when pods bring an agent by hand that no entry describes', async () => {
    await using story = new Story();
    await story.start();
    const { metadata, spec } = cart().template;
    const annotations = { 'fairlead.dev/manually-injected': 'true' };
    const containers = [...spec.containers, { name: 'traffic-agent' }];
    await story.deploy(cart({ template: { metadata: { ...metadata, annotations }, spec: { containers } } }));

    await story.ask('mine');

    expect((await story.status('mine'))?.error).toMatchObject({ code: 'manual-config' });
    expect(await story.cluster.store.list('shop')).toEqual([]);
  });

  it('does not write over the entry of a newer version', async () => {
    await using story = new Story();
    const entry = await story.cluster.store.write(key, sampleConfig({ schemaVersion: 2 }));
    await story.start();
    await story.deploy();

    await story.ask('mine');

    expect((await story.status('mine'))?.error).toMatchObject({ code: 'version-skew' });
    expect(await story.cluster.store.read(key)).toEqual(entry);
  });

  it('fails when nobody can tell the agent image', async () => {
    const preferred = async (): Promise<string> => {
      throw new FairleadError('agent-image-unavailable', 'the endpoint does not answer');
    };
    await using story = new Story({ ports: () => ({ agentImageSource: { preferred } }) });
    await story.start();
    await story.deploy();

    await story.ask('mine');

    expect(await story.status('mine')).toMatchObject({ phase: 'failed', error: { code: 'agent-image-unavailable' } });
  });

  it('fails where the configs have no room any more, without a rollout', async () => {
    await using story = new Story({
      ports: ({ agentConfigStore: store }) => ({
        agentConfigStore: {
          read: (...args) => store.read(...args),
          list: (...args) => store.list(...args),
          write: async () => {
            throw new FairleadError('bad-config', 'ConfigMap telepresence-agents is full', { phase: 'store' });
          },
          delete: (...args) => store.delete(...args),
          watch: (...args) => store.watch(...args),
        },
      }),
    });
    await story.start();
    await story.deploy();
    const pods = podNames(story);
    story.connect();

    await story.ask('mine');

    expect(await story.status('mine')).toMatchObject({
      phase: 'failed',
      error: { code: 'bad-config', message: 'ConfigMap telepresence-agents is full' },
    });
    expect(podNames(story)).toEqual(pods);
  });

  it('fails where another manager owns the configs, without a rollout', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    const pods = podNames(story);
    story.cluster.store.claimForAnother('shop');

    await story.ask('mine');

    expect(await story.status('mine')).toMatchObject({ phase: 'failed', error: { code: 'foreign-store' } });
    expect(podNames(story)).toEqual(pods);
  });
});
