import type { WorkloadKey } from '@fairlead/core';
import { describeWorkloadResolver } from '@fairlead/core/conformance';
import { controlledBy, serviceObject, stores, workloadObject } from '../testing/cluster-objects.ts';
import { connectMemory } from '../testing/connect-memory.ts';
import type { ObjectStore, StoredObject } from '../testing/object-store.ts';
import { KubernetesWorkloadResolver } from './kubernetes-workload-resolver.ts';

describeWorkloadResolver('KubernetesWorkloadResolver on an API server in memory', {
  create: async () => {
    const { server, connection, ...made } = await connectMemory();
    const { store } = server;
    return {
      resolver: new KubernetesWorkloadResolver(connection),
      applyWorkload: async (workload) => apply(store, stores[workload.kind], workloadObject(workload)),
      removeWorkload: async ({ kind, namespace, name }) => remove(store, stores[kind], namespace, name),
      applyService: async (service) => apply(store, stores.Service, serviceObject(service)),
      removeService: async (namespace, name) => remove(store, stores.Service, namespace, name),
      addPod: async (key) => addPod(store, key, `${key.name}-1`),
      removePod: async (namespace, name) => remove(store, stores.Pod, namespace, name),
      addOwnedReplicaSet: async (name, owner) => addPod(store, owner, name),
      addForeignPod: async (namespace) =>
        store.add(stores.Pod, {
          metadata: {
            name: 'foreign',
            namespace,
            labels: { app: 'cart' },
            ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'once', uid: 'uid-x', controller: true }],
          },
        }).metadata.name,
      [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
    };
  },
});

function apply(store: ObjectStore, resource: string, object: Parameters<ObjectStore['add']>[1]): void {
  const found = store.get(resource, object.metadata.namespace, object.metadata.name ?? '');
  if (found) store.put(resource, found, object);
  else store.add(resource, object);
}

function remove(store: ObjectStore, resource: string, namespace: string, name: string): void {
  store.remove(resource, store.get(resource, namespace, name) as StoredObject);
}

/** One more pod of a ReplicaSet of the Deployment. */
function addPod(store: ObjectStore, { kind, namespace, name }: WorkloadKey, setName: string): string {
  const owner = store.get(stores[kind], namespace, name) as StoredObject & ReturnType<typeof workloadObject>;
  const labels = owner.spec?.selector?.matchLabels ?? {};
  const metadata = { namespace, labels, ownerReferences: [controlledBy(kind, owner)] };
  const set =
    store.get(stores.ReplicaSet, namespace, setName) ??
    store.add(stores.ReplicaSet, { metadata: { ...metadata, name: setName } });
  const pod = { metadata: { namespace, labels, ownerReferences: [controlledBy('ReplicaSet', set)] } };
  return store.add(stores.Pod, { ...pod, metadata: { ...pod.metadata, generateName: `${setName}-` } }).metadata.name;
}
