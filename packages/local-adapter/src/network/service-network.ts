import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  FairleadError,
  isHeadless,
  type PodSpec,
  type Service,
  type ServicePort,
  type StringMap,
  servicesSelecting,
  type Workload,
  type WorkloadKey,
} from '@fairlead/core';
import type { Endpoint } from './balancer.ts';
import { Front } from './front.ts';
import type { Loopback } from './loopback.ts';
import { type NamedPlace, namesOf } from './name-table.ts';
import type { PodNetwork, SocketAddress } from './pod-network.ts';
import { type CalledPort, isReachable, serviceVariables } from './service-environment.ts';
import { distinctPorts, type TransportPort, targetPortIn, transportOf } from './target-port.ts';

/** A pod as far as traffic is concerned. */
export interface RoutedPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: StringMap;
  /** As it runs, mutation included. */
  readonly spec: PodSpec;
  /** It may get new connections. */
  readonly serving: boolean;
  readonly network: PodNetwork;
}

/** A name with its address and where its ports lead. */
interface Place {
  readonly namespace: string;
  readonly name: string;
  readonly service: Service;
  readonly front: Front;
  readonly ports: readonly (CalledPort & { readonly servicePort: ServicePort })[];
  /** Only this pod is behind it. */
  readonly pod?: string;
}

/** Every Service of a cluster with its address, and the addresses of StatefulSets' pods under their names. */
export class ServiceNetwork implements AsyncDisposable {
  readonly #loopback: Loopback;
  readonly #services: readonly Service[];
  readonly #namespaces: ReadonlySet<string>;
  readonly #directory: string;
  readonly #places = new Map<string, Place>();
  #pods: readonly RoutedPod[] = [];

  private constructor(
    loopback: Loopback,
    services: readonly Service[],
    namespaces: ReadonlySet<string>,
    directory: string,
  ) {
    this.#loopback = loopback;
    this.#services = services.filter(isReachable);
    this.#namespaces = namespaces;
    this.#directory = directory;
  }

  /** Opens an address for every Service. The workloads tell what named ports of headless Services are. */
  static async open(
    loopback: Loopback,
    services: readonly Service[],
    workloads: readonly Workload[],
    directory: string,
  ): Promise<ServiceNetwork> {
    const namespaces = new Set([...services, ...workloads].map(({ namespace }) => namespace));
    const network = new ServiceNetwork(loopback, services, namespaces, directory);
    try {
      for (const service of network.#services) await network.#open(service, service.name, workloads);
      for (const workload of workloads) await network.ensurePodNames(workload);
    } catch (thrown) {
      await network[Symbol.asyncDispose]();
      throw thrown;
    }
    return network;
  }

  /** Opens an address for each pod name that a StatefulSet has, as `db-0.db`, where a headless Service selects it. */
  async ensurePodNames(workload: Workload): Promise<void> {
    if (workload.kind === 'StatefulSet') {
      for (const service of this.#leadingTo(workload).filter(isHeadless)) {
        for (let ordinal = 0; ordinal < workload.replicas; ordinal++) {
          const pod = `${workload.name}-${ordinal}`;
          await this.#open(service, `${pod}.${service.name}`, [workload], pod);
        }
      }
    }
    this.#writeNames();
  }

  /** Leads every address to those of the pods that serve. */
  sync(pods: readonly RoutedPod[]): void {
    this.#pods = pods;
    for (const place of this.#places.values()) this.#syncOne(place);
  }

  /** While held, who calls the workload and finds none of its pods waits instead of being refused. */
  hold(workload: Workload): Disposable {
    const services = new Set(this.#leadingTo(workload));
    const holds = [...this.#places.values()]
      .filter(({ service }) => services.has(service))
      .map(({ front }) => front.hold());
    return {
      [Symbol.dispose]: () => {
        for (const hold of holds) hold[Symbol.dispose]();
      },
    };
  }

  /** The container ports of a pod template that Services lead to. */
  servedPorts(
    workload: WorkloadKey & { readonly template: Workload['template'] },
    spec: PodSpec,
  ): readonly TransportPort[] {
    const ports = this.#leadingTo(workload as Workload).flatMap((service) =>
      service.ports.flatMap((servicePort): TransportPort[] => {
        const [protocol, port] = [transportOf(servicePort.protocol), targetPortIn(spec, servicePort)];
        return protocol && port !== undefined ? [{ port, protocol }] : [];
      }),
    );
    return distinctPorts(ports);
  }

  /** What every container of a namespace is told about Services. */
  environment(namespace: string): StringMap {
    const all: Record<string, string> = {};
    for (const { name, front, ports, ...place } of this.#places.values()) {
      if (place.namespace !== namespace) continue;
      const variables = serviceVariables(place.pod ?? name, front, ports);
      // A Service that is called like a pod of a StatefulSet keeps its variables.
      Object.assign(all, place.pod === undefined ? variables : { ...variables, ...all });
    }
    return all;
  }

  /** The file with the names as seen from a namespace. */
  namesFile(namespace: string): string {
    return path.join(this.#directory, `names-${namespace}.json`);
  }

  /**
   * Where to connect for a name (`cart`, `cart.shop`, `db-0.db`) and a port by name or number; without one the first.
   * Fails with `not-found` and what there is.
   */
  address(namespace: string, name: string, port?: string | number): SocketAddress {
    const place = [...this.#places.values()].find((candidate) =>
      namesOf(candidate.name, candidate.namespace, namespace).includes(name),
    );
    if (place === undefined) {
      const candidates = [...this.#places.values()]
        .filter((other) => other.namespace === namespace)
        .map((other) => other.name);
      throw new FairleadError('not-found', `there is no service ${name} in namespace ${namespace}`, { candidates });
    }
    const wanted =
      port === undefined
        ? place.ports[0]
        : place.ports.find((each) => each.name === port || each.port === port || each.servicePort.port === port);
    const address = wanted && place.front.address(wanted.port);
    if (address) return address;
    const candidates = place.ports.map((known) => (known.name ? `${known.name} (${known.port})` : `${known.port}`));
    throw new FairleadError('not-found', `service ${name} has no port ${port ?? ''}`.trimEnd(), { candidates });
  }

  /** Stops listening. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { front } of this.#places.values()) await front[Symbol.asyncDispose]();
    this.#places.clear();
  }

  #leadingTo(workload: Workload): readonly Service[] {
    return servicesSelecting(workload, this.#services);
  }

  async #open(service: Service, name: string, workloads: readonly Workload[], pod?: string): Promise<void> {
    const { namespace } = service;
    const id = `${namespace}/${name}`;
    if (this.#places.has(id)) return;
    const template = workloads.find((workload) => servicesSelecting(workload, [service]).length > 0)?.template.spec;
    const ports = service.ports.flatMap((servicePort) => {
      const protocol = transportOf(servicePort.protocol);
      if (!protocol) return [];
      const target = isHeadless(service) && template ? targetPortIn(template, servicePort) : undefined;
      return [{ name: servicePort.name, port: target ?? servicePort.port, protocol, servicePort }];
    });
    const front = await Front.open(this.#loopback, `service ${name}`, ports);
    this.#places.set(id, { namespace, name, service, front, ports, ...(pod !== undefined && { pod }) });
    this.#syncOne(this.#places.get(id) as Place);
  }

  #syncOne({ service, front, ports, pod: only }: Place): void {
    const pods = this.#pods.filter(
      (pod) =>
        pod.serving &&
        pod.namespace === service.namespace &&
        (only === undefined || pod.name === only) &&
        selects(service.selector, pod.labels),
    );
    for (const { servicePort, ...port } of ports) {
      const endpoints = pods.flatMap(({ network, spec }): Endpoint[] => {
        const target = targetPortIn(spec, servicePort);
        return target === undefined ? [] : [{ network, port: target }];
      });
      front.update(port, endpoints);
    }
  }

  #writeNames(): void {
    const places = [...this.#places.values()];
    for (const from of this.#namespaces) {
      const table: Record<string, NamedPlace> = {};
      for (const { name, namespace, front } of places) {
        const moved = [...front.ports].filter(([port, real]) => port !== real);
        for (const known of namesOf(name, namespace, from)) {
          table[known] = { host: front.host, ports: Object.fromEntries(moved) };
        }
      }
      const file = this.namesFile(from);
      // Replaced in one step: processes read it at any time.
      writeFileSync(`${file}.new`, JSON.stringify(table));
      renameSync(`${file}.new`, file);
    }
  }
}

function selects(selector: StringMap | undefined, labels: StringMap): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
