/**
 * An API server in memory with so many Deployments, each with a ReplicaSet, a pod and a Service. Tells where it listens;
 * told `{ changes }`, it labels so many Deployments anew.
 */
import { loadMemoryCluster } from '../scale/memory-cluster.mjs';
import { aService, aWorkload } from '../scale/samples.mjs';

const { MemoryApiServer, controlledBy, serviceObject, stores, workloadObject } = await loadMemoryCluster();
const { store, url } = await MemoryApiServer.start();
const deployments = Array.from({ length: Number(process.argv[2]) }, (_, index) => `app-${index}`).map(deploy);
let revision = 0;

function deploy(name) {
  const workload = aWorkload(name);
  const { spec, metadata } = workloadObject(workload);
  const deployment = store.add(stores.Deployment, { metadata, spec });
  const ownedBy = (kind, owner, suffix) => ({
    ...workload.template.metadata,
    namespace: workload.namespace,
    name: `${owner.metadata.name}-${suffix}`,
    ownerReferences: [controlledBy(kind, owner)],
  });
  const set = store.add(stores.ReplicaSet, { metadata: ownedBy('Deployment', deployment, 'set'), spec });
  const status = { phase: 'Running', podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] };
  store.add(stores.Pod, { metadata: ownedBy('ReplicaSet', set, 'pod'), spec: workload.template.spec, status });
  store.add(stores.Service, serviceObject(aService(name)));
  return deployment;
}

process.on('message', ({ changes }) => {
  revision += 1;
  for (let index = 0; index < changes; index += 1) {
    const { spec, metadata } = deployments[index];
    const labels = { ...metadata.labels, revision: String(revision) };
    deployments[index] = store.put(stores.Deployment, deployments[index], { metadata: { ...metadata, labels }, spec });
  }
});
process.send({ url });
