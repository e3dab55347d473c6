import { planAgentConfig } from '@fairlead/core';
import { loadMemoryCluster } from './memory-cluster.mjs';
import { aService, aWorkload, planOptions } from './samples.mjs';

let loaded;
const kubernetes = () => (loaded ??= loadMemoryCluster());
const keyOf = (name) => ({ namespace: 'bench', kind: 'Deployment', name });
const clear = (cluster) => cluster[Symbol.asyncDispose]();

/** One more write to a ConfigMap that holds so many agent configs: all of it travels to the API server and back. */
export const configMapRow = {
  what: 'agent configs in a ConfigMap, and a write of one',
  async prepare(size) {
    const { connectMemory, ConfigMapAgentConfigStore } = await kubernetes();
    const cluster = await connectMemory();
    const store = new ConfigMapAgentConfigStore(cluster.connection);
    const { config } = planAgentConfig(aWorkload('app-0'), [aService('app-0')], planOptions);
    const { revision } = await store.write(keyOf('app-0'), config);
    const map = cluster.server.store.get('v1/configmaps', 'bench', 'telepresence-agents');
    const [text] = Object.values(map.data);
    const names = Array.from({ length: size }, (_, index) => `app-${index}`);
    const data = Object.fromEntries(names.map((name) => [`deployment.${name}`, text.replaceAll('app-0', name)]));
    cluster.server.store.put('v1/configmaps', map, { ...map, data: { ...data, 'deployment.app-0': text } });
    return Object.assign(cluster, { configs: store, config, revision });
  },
  async work(cluster) {
    const config = { ...cluster.config, agentImage: `agent:${cluster.revision}` };
    ({ revision: cluster.revision } = await cluster.configs.write(keyOf('app-0'), config, cluster.revision));
    cluster.server.requests.length = 0;
  },
  clear,
};

/** A watch of a namespace with so many workloads and services, until all of them are told. */
export const watchRow = {
  what: 'workloads and services, all told by a watch',
  async prepare(size) {
    const { connectMemory, serviceObject, stores, workloadObject, KubernetesWorkloadResolver } = await kubernetes();
    const cluster = await connectMemory();
    for (let index = 0; index < size; index += 1) {
      cluster.server.store.add(stores.Deployment, workloadObject(aWorkload(`app-${index}`)));
      cluster.server.store.add(stores.Service, serviceObject(aService(`app-${index}`)));
    }
    return Object.assign(cluster, { resolver: new KubernetesWorkloadResolver(cluster.connection) });
  },
  async work({ resolver, server }, size) {
    const stop = new AbortController();
    let told = 0;
    for await (const _change of resolver.watch('bench', { signal: stop.signal })) {
      told += 1;
      if (told === 2 * size) break;
    }
    stop.abort();
    server.requests.length = 0;
  },
  clear,
};
