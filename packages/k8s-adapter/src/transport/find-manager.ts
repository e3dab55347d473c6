import { type CallOptions, FairleadError, tunnelUpgrade } from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import { isServing, type PodObject } from '../objects/pod-object.ts';
import type { ServiceObject } from '../objects/service-object.ts';
import { formatSelector } from '../objects/workload-object.ts';
import type { PodPort } from './port-forward-attempt.ts';
import { whyNoLeader } from './why-no-leader.ts';

/** Where the manager is. */
export interface ManagerLocation {
  readonly namespace: string;
  /** The Service that selects the manager's leader. */
  readonly service: string;
  /** The Service port to dial, by name or number. */
  readonly port: string | number;
}

/** Where the manager is, where nothing else is said. */
export const defaultManager: ManagerLocation = { namespace: 'fairlead', service: 'fairlead-manager', port: 'tunnel' };

/** The annotation on the manager's Service that holds the CA of its certificate, as PEM. */
export const managerCaAnnotation = 'fairlead.dev/ca';

/** The annotation on the manager's Service that says which version of the protocol it speaks, see `wireVersion`. */
export const managerWireAnnotation = 'fairlead.dev/wire';

/** The annotation on the manager's Service that says what agents ask for: `resources` of a container, as JSON. */
export const agentResourcesAnnotation = 'fairlead.dev/agent-resources';

/** The name of the port of the manager's pod that only forwarded ports reach. */
const forwardedPortName = 'forwarded';

/** The manager as its Service tells of it. */
export interface ManagerService {
  readonly service: ServiceObject;
  /** PEM; undefined when the Service does not tell. */
  readonly ca: string | undefined;
  /** The name that the manager's certificate bears. */
  readonly servername: string;
  /** Whether it takes tunnels through the API server's proxy. */
  readonly isProxied: boolean;
}

/** Reads the manager's Service. Needs `get` on it. Fails with `unreachable` when there is none, with `forbidden`, or as the API server does. */
export async function readManagerService(
  connection: KubernetesConnection,
  location: ManagerLocation,
  options: CallOptions,
): Promise<ManagerService> {
  const { namespace, service: name } = location;
  const services = new ObjectClient<ServiceObject>(connection, apiResources.services);
  const service = await services.read({ namespace, name }, options);
  if (!service) throw notInstalled(location);
  return {
    service,
    ca: service.metadata.annotations?.[managerCaAnnotation],
    servername: `${name}.${namespace}.svc`,
    isProxied: service.spec?.ports?.some((port) => port.name === tunnelUpgrade.port) ?? false,
  };
}

/** That nobody can know the manager, as its Service does not tell how. */
export function caIsMissing({ service }: ManagerLocation): FairleadError {
  return new FairleadError('unreachable', `Service ${service} does not tell the manager's CA`, {
    phase: 'tunnel',
    hint: `The manager writes it into the annotation ${managerCaAnnotation} when it starts; see whether it runs.`,
  });
}

/** The manager's pod that holds the state, as it was found now. */
export interface FoundManager extends PodPort {
  /** The port on the pod's loopback that takes tunnels without TLS; undefined for a manager that has none. */
  readonly forwarded: number | undefined;
  /** PEM; undefined when the Service does not tell. */
  readonly ca: string | undefined;
  /** The name that the manager's certificate bears. */
  readonly servername: string;
}

/**
 * Finds the pod behind the manager's Service. Needs `get` on services and `list` on pods in its namespace. Fails with
 * `unreachable` when there is no Service or no ready pod, with `forbidden`, or as the API server does.
 */
export async function findManager(
  connection: KubernetesConnection,
  location: ManagerLocation,
  options: CallOptions,
): Promise<FoundManager> {
  const { namespace, service: name } = location;
  const { service, ca, servername } = await readManagerService(connection, location, options);
  const port = service.spec?.ports?.find((one) => one.name === location.port || one.port === location.port);
  if (!port) throw unreachable(`Service ${name} in namespace ${namespace} has no port ${location.port}`);
  const labelSelector = formatSelector({ matchLabels: service.spec?.selector ?? {} });
  const pods = new ObjectClient<PodObject>(connection, apiResources.pods);
  const { items } = await pods.list(namespace, { ...options, labelSelector });
  const pod = items.filter(isServing).sort(youngestFirst)[0];
  if (!pod) {
    const why = await whyNoLeader(pods, namespace, service.spec?.selector ?? {}, options);
    throw unreachable(`no pod of Service ${name} in namespace ${namespace} is ready: ${why}`);
  }
  const targetPort = port.targetPort ?? port.port;
  return {
    namespace,
    pod: pod.metadata.name ?? '',
    port: typeof targetPort === 'number' ? targetPort : numberOfPort(pod, targetPort, name),
    forwarded: portNamed(pod, forwardedPortName),
    ca,
    servername,
  };
}

/** Two are ready only while one takes over from the other. */
function youngestFirst(a: PodObject, b: PodObject): number {
  return (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1;
}

function numberOfPort(pod: PodObject, portName: string, service: string): number {
  const found = portNamed(pod, portName);
  if (found !== undefined) return found;
  throw unreachable(`pod ${pod.metadata.name} has no port ${portName}, to which Service ${service} leads`);
}

function portNamed(pod: PodObject, name: string): number | undefined {
  const ports = pod.spec?.containers.flatMap((container) => container.ports ?? []) ?? [];
  return ports.find((port) => port.name === name)?.containerPort;
}

function notInstalled({ namespace, service }: ManagerLocation): FairleadError {
  return new FairleadError('unreachable', `there is no Service ${service} in namespace ${namespace}`, {
    phase: 'tunnel',
    hint: 'Have Fairlead installed in this cluster (fairlead install), or name the namespace that it is in.',
  });
}

function unreachable(message: string): FairleadError {
  return new FairleadError('unreachable', message, {
    phase: 'tunnel',
    hint: 'See how the manager fares: kubectl get pods in its namespace.',
  });
}
