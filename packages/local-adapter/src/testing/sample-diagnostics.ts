import {
  ManualClock,
  MemoryAgentConfigStore,
  MemoryInterceptRegistry,
  MemoryWorkloadResolver,
  type Workload,
} from '@fairlead/core';
import { LocalDiagnostics } from '../embedded/local-diagnostics.ts';

/** A workload with one pod that has an agent, and one that has none. */
export const cart: Workload = {
  namespace: 'shop',
  kind: 'Deployment',
  name: 'cart',
  uid: 'u1',
  generation: 1,
  labels: {},
  annotations: {},
  replicas: 1,
  updateStrategy: 'RollingUpdate',
  selector: { app: 'cart' },
  template: { spec: { containers: [{ name: 'app' }] } },
};

/** What the agent of {@link cart} has logged. */
export const loggedLine = 'traffic-agent of cart-1 is ready';

/** The diagnostics of a cluster with that workload. */
export function sampleDiagnostics(): LocalDiagnostics {
  const resolver = new MemoryWorkloadResolver();
  resolver.applyWorkload(cart);
  for (const [name, configHash] of [
    ['cart-1', 'h'],
    ['cart-2', undefined],
  ] as const) {
    const pod = {
      namespace: 'shop',
      name,
      uid: name,
      phase: 'Running',
      ready: true,
      deleting: false,
      labels: {},
    } as const;
    const more = { annotations: {}, createdAt: '2026-01-01T00:00:00Z', ...(configHash && { configHash }) };
    resolver.applyPod({ ...pod, ...more }, cart);
  }
  const at = '2026-01-01T00:00:00Z';
  return new LocalDiagnostics({
    registry: new MemoryInterceptRegistry(new ManualClock()),
    store: new MemoryAgentConfigStore(),
    resolver,
    logs: ({ namespace, name: pod }, container) => [
      { namespace, pod, container, stream: 'stderr', text: `${container} of ${pod} is ready`, at },
    ],
  });
}
