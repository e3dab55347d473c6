import { describeDiagnostics } from '@fairlead/core/conformance';
import { describe, expect, it } from 'vitest';
import { stores } from '../testing/cluster-objects.ts';
import { type ConnectedServer, connectMemory } from '../testing/connect-memory.ts';
import { servingStatus } from '../testing/pod-controllers.ts';
import { defaultManager } from '../transport/find-manager.ts';
import { KubernetesWorkloadResolver } from '../workloads/kubernetes-workload-resolver.ts';
import { KubernetesDiagnostics } from './kubernetes-diagnostics.ts';

const workload = { namespace: 'shop', kind: 'StatefulSet', name: 'cart' } as const;
const limits = { maxBytes: 1_000 };

/** A manager of two replicas, one of which began anew, and a workload with one pod that has an agent and one that has none. */
async function clusterWithLogs(): Promise<ConnectedServer> {
  const made = await connectMemory({ retries: 0 });
  const { store } = made.server;
  const labels = { 'app.kubernetes.io/name': 'fairlead', 'app.kubernetes.io/component': 'manager' };
  for (const [name, restartCount] of [
    ['manager-1', 0],
    ['manager-2', 3],
  ] as const) {
    store.add(stores.Pod, {
      metadata: { namespace: 'fairlead', name, labels },
      spec: { containers: [{ name: 'manager' }] },
      status: { ...servingStatus, containerStatuses: [{ name: 'manager', restartCount }] },
    } as never);
  }
  const spec = { selector: { matchLabels: { app: 'cart' } }, template: { spec: { containers: [{ name: 'app' }] } } };
  const owner = store.add(stores.StatefulSet, { metadata: { namespace: 'shop', name: 'cart' }, spec } as never);
  const owned = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'cart', uid: owner.metadata.uid, controller: true };
  for (const [name, containers] of [
    ['cart-0', ['app', 'traffic-agent']],
    ['cart-1', ['app']],
  ] as const) {
    store.add(stores.Pod, {
      metadata: { namespace: 'shop', name, labels: { app: 'cart' }, ownerReferences: [owned] },
      spec: { containers: containers.map((container) => ({ name: container })) },
      status: servingStatus,
    } as never);
  }
  made.server.answer = ({ path, query }) => {
    const [, pod] = /\/pods\/([^/]+)\/log$/.exec(path) ?? [];
    if (pod === undefined) return undefined;
    const before = query.get('previous') ? ' before it began anew' : '';
    return { status: 200, body: `${query.get('container')} of ${pod}${before}` };
  };
  return made;
}

function diagnosticsOf({ connection }: ConnectedServer): KubernetesDiagnostics {
  return new KubernetesDiagnostics({
    connection,
    resolver: new KubernetesWorkloadResolver(connection),
    manager: defaultManager,
    agentsConfigMap: 'telepresence-agents',
  });
}

describeDiagnostics('KubernetesDiagnostics', {
  create: async () => {
    const made = await clusterWithLogs();
    return {
      diagnostics: diagnosticsOf(made),
      workload,
      line: 'traffic-agent of cart-0',
      [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
    };
  },
});

describe('diagnostics of a cluster', () => {
  it('have the logs of every replica of the manager, and of the life before a restart', async () => {
    await using made = await clusterWithLogs();

    const sources = await diagnosticsOf(made).sources({ namespace: 'shop' });
    const logs = sources.filter(({ path }) => path.endsWith('.log'));
    const told = await Promise.all(logs.map(async (log) => [log.path, await log.read(limits)]));

    expect(Object.fromEntries(told)).toEqual({
      'manager/manager-1.manager.log': 'manager of manager-1',
      'manager/manager-2.manager.log': 'manager of manager-2',
      'manager/manager-2.manager.previous.log': 'manager of manager-2 before it began anew',
      'agents/cart-0.traffic-agent.log': 'traffic-agent of cart-0',
    });
  });

  it('keep of a long log the last lines', async () => {
    await using made = await clusterWithLogs();
    const lines = Array.from({ length: 1_000 }, (_, at) => `line ${at}`).join('\n');
    made.server.answer = ({ path }) => (path.endsWith('/log') ? { status: 200, body: lines } : undefined);

    const sources = await diagnosticsOf(made).sources({ namespace: 'shop' });
    const log = await sources.find(({ path }) => path.startsWith('agents/cart-0'))?.read({ maxBytes: 200 });

    expect(String(log).length).toBeLessThanOrEqual(200);
    expect(log).toContain('line 999');
  });

  it('say in its place what may not be looked at, and read the rest', async () => {
    await using made = await clusterWithLogs();
    const body = { kind: 'Status', reason: 'Forbidden', message: 'no' };
    const answer = made.server.answer;
    made.server.answer = (request) =>
      request.path.startsWith('/api/v1/namespaces/fairlead') ? { status: 403, body } : answer?.(request);

    const sources = await diagnosticsOf(made).sources({ namespace: 'shop' });
    const read = (path: string) => sources.find((source) => source.path === path)?.read(limits);

    await expect(read('manager/logs.txt')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(read('manager/pods.json')).rejects.toMatchObject({ code: 'forbidden' });
    expect(await read('pods.json')).toHaveLength(2);
    expect(await read('agents/cart-0.traffic-agent.log')).toContain('traffic-agent of cart-0');
  });
});
