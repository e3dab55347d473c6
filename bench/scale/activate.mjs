import { setImmediate } from 'node:timers/promises';
import {
  ControlPlane,
  createSystemClock,
  MemoryCluster,
  MemoryInterceptRegistry,
  StaticAgentImageSource,
} from '@fairlead/core';
import { aDraft, aService, aWorkload } from './samples.mjs';

const namespace = 'bench';
const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });

/** A control plane on memory adapters, from the first intercept asked for until all of them are active. */
export async function activate({ workloads, interceptsEach }) {
  const plane = await startPlane(workloads);
  await plane.activate(interceptsEach);
  await plane.close();
}

/** Intercepts of so many workloads, one each, from the first that is given up until no agent serves any. */
export const leaveRow = {
  what: 'workloads, one intercept each, until no agent serves any',
  prepare: startPlane,
  ready: (plane) => plane.activate(1),
  work: (plane) => plane.leave(),
  clear: (plane) => plane.close(),
};

/** A control plane with so many workloads. */
async function startPlane(workloads) {
  const cluster = new MemoryCluster(clock);
  const registry = new MemoryInterceptRegistry(clock);
  const names = Array.from({ length: workloads }, (_, index) => `app-${index}`);
  for (const name of names) await cluster.deploy(aWorkload(name), [aService(name)]);
  const plane = new ControlPlane(
    {
      interceptRegistry: registry,
      workloadResolver: cluster.resolver,
      agentConfigStore: cluster.store,
      agentFleet: cluster.fleet,
      rollout: cluster.rollout,
      agentImageSource: new StaticAgentImageSource('agent:1'),
      clock,
    },
    // The session never beats, and rounds take minutes.
    { namespaces: [namespace], managerHost: 'traffic-manager.fairlead', managerPort: 8443, leaseMs: 3_600_000 },
  );
  const running = plane.run();
  cluster.fleet.seeSession('bench', 'bench');
  return {
    async activate(interceptsEach) {
      const drafts = names.flatMap((name) =>
        Array.from({ length: interceptsEach }, (_, index) => aDraft(`${name}-${index}`, name)),
      );
      const stop = new AbortController();
      const allActive = untilActive(registry, drafts.length, stop.signal);
      for (const draft of drafts) await registry.create(draft);
      await allActive;
      stop.abort();
    },
    async leave() {
      for (const { name } of await registry.list(namespace)) await registry.delete(namespace, name);
      for (const agent of cluster.fleet.handles) while (agent.serving.length > 0) await setImmediate();
    },
    async close() {
      await plane[Symbol.asyncDispose]();
      await running;
    },
  };
}

async function untilActive(registry, count, signal) {
  const active = new Set();
  for await (const { type, record } of registry.watch(namespace, { signal })) {
    if (type === 'deleted') throw new Error(`${record.name} was deleted`);
    const { phase, error } = record.status;
    if (phase === 'failed' || phase === 'refused') throw new Error(`${record.name} is ${phase}: ${error?.message}`);
    if (phase === 'active') active.add(record.name);
    else active.delete(record.name);
    if (active.size === count) return;
  }
}
