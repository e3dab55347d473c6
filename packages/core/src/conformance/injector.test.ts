import { FairleadError } from '../errors.ts';
import { agentContainerName, type Container, configHashAnnotation } from '../model/pod.ts';
import type { Injector, JsonPatchOperation } from '../ports/injector.ts';
import { describeInjector } from './injector.ts';

/** The least that keeps the promises: it renders the wanted pod and patches what differs. */
const smallest: Injector = {
  inject: (pod, config) => {
    if (config.manual) return { patch: [], warnings: [] };
    if (pod.spec.hostNetwork) throw new FairleadError('host-network', "the pod is on the host's network");
    const apps = pod.spec.containers.filter(({ name }) => name !== agentContainerName);
    if (!config.containers.every(({ name }) => apps.some((app) => app.name === name))) {
      throw new FairleadError('bad-manifest', 'the pod lacks a container that the config speaks of');
    }
    const connections = config.containers.flatMap(({ intercepts }) => intercepts);
    const taken = new Set(connections.map(({ containerPortName }) => containerPortName));
    const agent: Container = {
      name: agentContainerName,
      image: config.agentImage,
      ports: connections.map(({ containerPortName, agentPort }) => ({
        name: containerPortName,
        containerPort: agentPort,
      })),
    };
    const containers = [...apps.map((app) => withoutPorts(app, taken)), agent];
    const annotations = { ...pod.metadata.annotations, [configHashAnnotation]: config.hash };
    return {
      patch: [
        ...whereDifferent('/metadata/annotations', pod.metadata.annotations, annotations),
        ...whereDifferent('/spec/containers', pod.spec.containers, containers),
      ],
      warnings: [],
    };
  },
};

describeInjector('the smallest injector', {
  create: async () => ({ injector: smallest, async [Symbol.asyncDispose]() {} }),
});

function withoutPorts(app: Container, taken: ReadonlySet<string>): Container {
  const ports = app.ports?.map(({ name, ...port }) =>
    name && taken.has(name) ? port : { ...port, ...(name && { name }) },
  );
  return { ...app, ...(ports && { ports }) };
}

function whereDifferent(path: string, before: unknown, after: unknown): readonly JsonPatchOperation[] {
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ op: 'add', path, value: after }];
}
