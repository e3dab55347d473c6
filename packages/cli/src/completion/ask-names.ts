import { formatWorkload, planWorkload } from '@fairlead/core';
import { type ClusterView, openView } from '@fairlead/sdk';
import { type ClusterOptions, clusterFromOptions } from '../cluster-from-options.ts';
import { offlinePlanOptions } from '../plan-options.ts';
import type { Candidate, Names, Said } from './candidates.ts';

/** Asks the cluster that the words mean for names. Fails as the cluster does. */
export async function askNames(names: Names, said: Said, signal: AbortSignal): Promise<readonly Candidate[]> {
  const options = clusterOptions(said);
  if (names === 'contexts' || names === 'namespaces') return await askKubernetes(names, options, signal);
  await using view = await openView(clusterFromOptions(options), { signal, namespace: options.namespace });
  return await askView(names, view, said.args[0], signal);
}

function clusterOptions({ options }: Said): ClusterOptions {
  const local = options.get('--local');
  const said = {
    kubeconfig: options.get('--kubeconfig'),
    context: options.get('--context'),
    namespace: options.get('--namespace'),
    managerNamespace: options.get('--manager-namespace'),
  };
  const defined = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return { ...defined, ...(local !== undefined && { local: local || true }) };
}

async function askView(
  names: Exclude<Names, 'contexts' | 'namespaces'>,
  view: ClusterView,
  workload: string | undefined,
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  switch (names) {
    case 'workloads':
      return (await view.workloads({ signal })).map((one) => ({ value: formatWorkload(one) }));
    case 'intercepts':
      return (await view.list({ signal })).map(({ name, session, status }) => ({
        value: name,
        description: `${status.phase}, ${session.label}`,
      }));
    case 'services':
      return (await view.services({ signal })).map(({ name }) => ({ value: name }));
    case 'ports':
    case 'containers':
      return workload === undefined ? [] : await partsOf(names, view, workload, signal);
  }
}

/** What of a workload can be intercepted. */
async function partsOf(
  names: 'ports' | 'containers',
  view: ClusterView,
  reference: string,
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const [workload, services] = await Promise.all([view.workload(reference, { signal }), view.services({ signal })]);
  const containers = planWorkload(workload, services, offlinePlanOptions()).config?.containers ?? [];
  if (names === 'containers') return containers.map(({ name }) => ({ value: name }));
  return containers.flatMap(({ intercepts }) =>
    intercepts.map(({ servicePortName, servicePort, serviceName, containerPort }) => ({
      value: servicePortName || String(servicePort),
      description: `${serviceName}:${servicePort}, container port ${containerPort}`,
    })),
  );
}

async function askKubernetes(
  names: 'contexts' | 'namespaces',
  { kubeconfig, context }: ClusterOptions,
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const { apiResources, connectKubernetes, contextsOf, ObjectClient } = await import('@fairlead/k8s-adapter');
  if (names === 'contexts') return (await contextsOf({ kubeconfig })).map((value) => ({ value }));
  await using connection = await connectKubernetes({ kubeconfig, context, retries: 0 });
  const { items } = await new ObjectClient(connection, apiResources.namespaces).list(undefined, { signal });
  return items.map(({ metadata }) => ({ value: metadata.name ?? '' }));
}
