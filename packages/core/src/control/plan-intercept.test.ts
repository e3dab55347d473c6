import { describe, expect, it } from 'vitest';
import { keyOf, sampleConfig, sampleService } from '../conformance/samples.ts';
import { FairleadError } from '../errors.ts';
import { StaticAgentImageSource } from '../memory/static-agent-image-source.ts';
import type { InterceptSpec } from '../model/intercept.ts';
import { type PlanInterceptPorts, planIntercept } from './plan-intercept.ts';
import { cart, podNames, Story } from './testing/story.ts';

const key = keyOf(cart());
const spec: Pick<InterceptSpec, 'workload' | 'ports' | 'match'> = {
  workload: { namespace: 'shop', name: 'cart' },
  ports: [],
};

describe('planIntercept', () => {
  it('tells what would happen, and lets nothing happen', async () => {
    await using story = new Story();
    await story.deploy();
    const before = podNames(story);

    const preview = await planIntercept(portsOf(story), spec);

    expect(preview).toMatchObject({
      workload: key,
      connections: [{ container: 'app', containerPort: 8080, servicePort: 80 }],
      config: { agentImage: 'registry.example/agent:1' },
      warnings: [],
      needsNetAdmin: false,
      isStored: false,
      podsToReplace: before,
      rollout: { strategy: 'surge' },
    });
    expect(await story.cluster.store.list('shop')).toEqual([]);
    expect(podNames(story)).toEqual(before);
  });

  it('sees that nothing is to be done where the agent is already', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    await story.ask('mine');

    const { rollout: _, ...ports } = portsOf(story);
    const preview = await planIntercept(ports, spec);

    expect(preview).toMatchObject({ isStored: true, podsToReplace: [] });
    expect(preview.rollout).toBeUndefined();
  });

  it('tells of the privilege that numeric ports need', async () => {
    await using story = new Story();
    await story.deploy(cart(), [sampleService({ ports: [{ port: 80, targetPort: 8080 }] })]);

    expect((await planIntercept(portsOf(story), spec)).needsNetAdmin).toBe(true);
  });

  it('plans with the settings that it is given', async () => {
    await using story = new Story();
    await story.deploy();

    const settings = { agentImage: 'own/agent:7', managerHost: 'here', managerPort: 1 };

    expect((await planIntercept(portsOf(story), spec, { settings })).config).toMatchObject(settings);
  });

  it('makes do with the stored image when nobody can tell, and fails when there is none', async () => {
    await using story = new Story();
    await story.deploy();
    const agentImageSource = {
      preferred: async () => {
        throw new FairleadError('agent-image-unavailable', 'the endpoint does not answer');
      },
    };
    const ports = { ...portsOf(story), agentImageSource };
    await expect(planIntercept(ports, spec)).rejects.toMatchObject({ code: 'agent-image-unavailable' });

    await story.cluster.store.write(key, sampleConfig());

    expect((await planIntercept(ports, spec)).config.agentImage).toBe(sampleConfig().agentImage);
  });

  it('leaves manual pods and entries as they are', async () => {
    await using story = new Story();
    await story.deploy();
    await story.cluster.store.write(key, sampleConfig({ manual: true }));

    expect(await planIntercept(portsOf(story), spec)).toMatchObject({
      config: sampleConfig({ manual: true }),
      isStored: true,
      podsToReplace: [],
    });
  });

  it.each([
    ['workload-not-found', { workload: { namespace: 'shop', name: 'ghost' } }],
    ['no-such-port', { ports: [{ port: 'grpc' }] }],
    ['bad-match', { match: { headers: { a: { regex: '(' } } } }],
  ])('fails with %s as the intercept would be refused', async (code, changes) => {
    await using story = new Story();
    await story.deploy();

    await expect(planIntercept(portsOf(story), { ...spec, ...changes })).rejects.toMatchObject({ code });
  });

  it('fails with the reason of the planner', async () => {
    await using story = new Story();
    await story.deploy(cart(), []);

    await expect(planIntercept(portsOf(story), spec)).rejects.toMatchObject({ code: 'no-service' });
  });

  it('rejects with the reason of a signal that has aborted', async () => {
    await using story = new Story();
    await story.deploy();
    const reason = new Error('not now');

    await expect(planIntercept(portsOf(story), spec, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

function portsOf({ cluster }: Story): PlanInterceptPorts {
  return {
    workloadResolver: cluster.resolver,
    agentConfigStore: cluster.store,
    agentImageSource: new StaticAgentImageSource('registry.example/agent:1'),
    rollout: cluster.rollout,
  };
}
