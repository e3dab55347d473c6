import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock, Workload } from '@fairlead/core';
import type { ConfigData } from '../manifests/manifest-set.ts';
import { Front } from '../network/front.ts';
import type { Loopback } from '../network/loopback.ts';
import { PodNetwork } from '../network/pod-network.ts';
import type { ServiceNetwork } from '../network/service-network.ts';
import { manifestFacts, type PodFacts } from '../processes/pod-facts.ts';
import type { VolumePlaces } from '../processes/pod-volumes.ts';
import type { Watchdog } from '../processes/watchdog.ts';
import type { Admission } from './admission.ts';
import type { AgentLaunch } from './agent-launch.ts';
import { LocalPod, type LocalPodParts } from './local-pod.ts';
import { podManifest } from './pod-manifest.ts';
import { portsOf, redirectsOf } from './pod-ports.ts';

/** What every pod of a cluster shares. */
export interface PodFactoryParts extends Pick<LocalPodParts, 'log' | 'onChange'> {
  readonly admission: Admission;
  readonly agent: AgentLaunch | undefined;
  readonly clock: Clock;
  readonly watchdog: Watchdog;
  readonly loopback: Loopback;
  readonly services: ServiceNetwork;
  readonly places: VolumePlaces;
  /** Where relative paths of a workload's manifest start. */
  directoryOf(workload: Workload): string;
  configMap(namespace: string, name: string): Promise<ConfigData | undefined>;
  secret(namespace: string, name: string): Promise<ConfigData | undefined>;
}

/** Makes pods: admission, address, token. */
export class PodFactory {
  readonly #parts: PodFactoryParts;

  constructor(parts: PodFactoryParts) {
    this.#parts = parts;
  }

  /** A pod of the workload under this name. It is not started yet. */
  async create(workload: Workload, name: string): Promise<LocalPod> {
    const { admission, loopback, services, ...shared } = this.#parts;
    const manifest = await admission.admit(podManifest(workload, name), workload);
    const servedPorts = services.servedPorts(workload, manifest.spec);
    const ports = portsOf(manifest.spec, servedPorts);
    const numbers = ports.map(({ port }) => port);
    const network = await PodNetwork.open(loopback, name, numbers, redirectsOf(manifest.spec));
    const front = await Front.open(loopback, `pod ${name}`, ports).catch((thrown: unknown) => {
      network.close();
      throw thrown;
    });
    for (const port of ports) front.update(port, [{ network, port: port.port, stays: true }]);
    const facts: PodFacts = {
      ...manifestFacts(manifest),
      uid: randomUUID(),
      ip: network.host,
      token: randomBytes(24).toString('base64url'),
      configMap: (wanted) => shared.configMap(workload.namespace, wanted),
      secret: (wanted) => shared.secret(workload.namespace, wanted),
    };
    return new LocalPod({
      workload,
      manifest,
      facts,
      network,
      front,
      servedPorts,
      createdAt: new Date(shared.clock.now()).toISOString(),
      directory: shared.directoryOf(workload),
      services: services.environment(workload.namespace),
      namesFile: services.namesFile(workload.namespace),
      agent: shared.agent,
      places: shared.places,
      clock: shared.clock,
      watchdog: shared.watchdog,
      log: (pod, container, stream, text) => shared.log(pod, container, stream, text),
      onChange: (pod) => shared.onChange(pod),
    });
  }
}
