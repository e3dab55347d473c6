import { Container } from 'inversify';
import { describe, expect, it } from 'vitest';
import { sampleService, sampleWorkload } from './conformance/samples.ts';
import { ManualClock } from './memory/manual-clock.ts';
import { StaticAgentImageSource } from './memory/static-agent-image-source.ts';
import { controlModule, memoryModule } from './module.ts';
import { tokens } from './tokens.ts';

describe('the modules', () => {
  it('compose a control plane on memory adapters that belong together', async () => {
    const container = await compose();
    const cluster = container.get(tokens.memoryCluster);
    const registry = container.get(tokens.interceptRegistry);
    await cluster.deploy(sampleWorkload(), [sampleService()]);
    const running = container.get(tokens.controlPlane).run();

    const session = { id: 's', fingerprint: 'f', label: 'ada' };
    const workload = { namespace: 'shop', name: 'cart' };
    await registry.create({
      namespace: 'shop',
      name: 'mine',
      session,
      spec: { mode: 'intercept', workload, ports: [] },
    });
    cluster.fleet.seeSession('s', 'f');

    await expect.poll(async () => (await registry.read('shop', 'mine'))?.status.phase).toBe('active');
    expect((await cluster.store.read({ ...workload, kind: 'Deployment' }))?.config.agentImage).toBe(
      'fairlead/agent:memory',
    );
    await container.unbindAllAsync();
    await running;
  });

  it('let a third party rebind one port and nothing else', async () => {
    const container = await compose();
    const clock = new ManualClock({ startAt: 5 });
    (await container.rebindAsync(tokens.agentImageSource)).toConstantValue(new StaticAgentImageSource('third/party:1'));
    (await container.rebindAsync(tokens.clock)).toConstantValue(clock);

    expect(await container.get(tokens.agentImageSource).preferred()).toBe('third/party:1');
    expect(container.get(tokens.clock)).toBe(clock);
    expect(container.get(tokens.workloadResolver)).toBe(container.get(tokens.memoryCluster).resolver);
    expect(container.get(tokens.agentConfigStore)).toBe(container.get(tokens.agentConfigStore));
  });

  it('name what is missing', () => {
    const container = new Container();
    container.load(controlModule);

    expect(() => container.get(tokens.controlPlane)).toThrow(/ControlPlaneOptions/);
  });
});

async function compose(): Promise<Container> {
  const container = new Container();
  await container.loadAsync(memoryModule, controlModule);
  container.bind(tokens.controlPlaneOptions).toConstantValue({
    namespaces: ['shop'],
    managerHost: 'traffic-manager.fairlead',
    managerPort: 8443,
  });
  return container;
}
