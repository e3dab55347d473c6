import type { Clock, Logger } from '@fairlead/core';
import { AgentLink } from './link/agent-link.ts';
import { answerPassthrough } from './link/app-dialler.ts';
import { TunnelDiverter } from './link/tunnel-diverter.ts';
import { NodeTrafficProxy } from './proxy/node-traffic-proxy.ts';
import { ServedPorts } from './served-ports.ts';
import type { AgentSettings } from './settings/agent-settings.ts';
import { HealthServer } from './settings/health-server.ts';

/** What an agent needs of the process around it. */
export interface AgentSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A traffic-agent at work. */
export interface RunningAgent extends AsyncDisposable {
  /** Is no longer ready, lets open connections end within the drain time, then stops. */
  stop(): Promise<void>;
}

const defaultDrainMs = 10_000;

/** Addresses of this machine only: of a pod of the embedded cluster, whose neighbours share the loopback. */
const loopback = /^(127\.|::1$)/;

/**
 * Listens on every port of the config and links to the relay. Resolves when traffic is served, whether or not the relay
 * is there: without it everything passes to the app. Fails with `port-taken`; nothing is left open then.
 */
export async function startAgent(settings: AgentSettings, { clock, logger }: AgentSurroundings): Promise<RunningAgent> {
  const { config, pod, healthPort, drainMs = defaultDrainMs } = settings;
  const stop = new AbortController();
  const diverter = new TunnelDiverter();
  const otherAppHosts = loopback.test(pod.ip) ? [] : ['127.0.0.1'];
  const proxy = new NodeTrafficProxy({ diverter, clock, logger, otherAppHosts });
  const health = healthPort === undefined ? undefined : await HealthServer.listen(pod.ip, healthPort);
  let served: ServedPorts;
  try {
    served = await ServedPorts.open(proxy, config, { listen: pod.ip, app: pod.ip }, logger);
  } catch (thrown) {
    await health?.[Symbol.asyncDispose]();
    throw thrown;
  }
  const app = {
    hosts: [pod.ip, ...otherAppHosts],
    ports: new Set(config.containers.flatMap(({ intercepts }) => intercepts.map((each) => each.containerPort))),
  };
  const link = new AgentLink({
    settings,
    diverter,
    clock,
    logger,
    apply: (assignment) => served.apply(assignment),
    withdraw: () => served.withdraw(),
    onStream: (incoming) => void answerPassthrough(incoming, app),
  });
  const linked = link.run(stop.signal);
  if (health) health.isReady = true;
  logger.info({ pod: pod.name, workload: config.workloadName }, 'traffic-agent is ready');

  const end = async (): Promise<void> => {
    stop.abort(new Error('the traffic-agent stops'));
    await linked;
    await served[Symbol.asyncDispose]();
    await health?.[Symbol.asyncDispose]();
  };
  return {
    async stop() {
      if (health) health.isReady = false;
      await served.drain(drainMs);
      await end();
    },
    [Symbol.asyncDispose]: end,
  };
}
