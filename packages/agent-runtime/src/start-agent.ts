import type { Clock, Logger } from '@fairlead/core';
import { FilesDesk } from './files/files-desk.ts';
import { AgentLink } from './link/agent-link.ts';
import { answerPassthrough } from './link/app-dialler.ts';
import { answerEnvironment } from './link/environment-answer.ts';
import { readMisses, reportMisses } from './link/miss-reporter.ts';
import { readOfContainer } from './link/read-of-container.ts';
import { TunnelDiverter } from './link/tunnel-diverter.ts';
import { MissWatches } from './proxy/miss-watches.ts';
import { NodeTrafficProxy } from './proxy/node-traffic-proxy.ts';
import { ServedPorts } from './served-ports.ts';
import type { AgentSettings } from './settings/agent-settings.ts';
import { Readiness } from './settings/readiness.ts';
import { agentVersion } from './version.ts';

/** What an agent needs of the process around it. */
export interface AgentSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A traffic-agent at work. */
export interface RunningAgent extends AsyncDisposable {
  /** Is no longer ready, lets open connections end within the drain time, then stops. Disposing meanwhile cuts them. */
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
  const { config, pod, drainMs = defaultDrainMs } = settings;
  const isApart = !loopback.test(pod.ip);
  const bindHost = settings.bindHost ?? (isApart ? undefined : pod.ip);
  // The pod's address first: an app that trusts whoever comes over the loopback must not take callers for local ones.
  const [appHost, ...otherAppHosts] = settings.appHost
    ? ([settings.appHost] as const)
    : ([pod.ip, ...(isApart ? ['127.0.0.1'] : [])] as const);
  const diverter = new TunnelDiverter();
  const misses = new MissWatches();
  const proxy = new NodeTrafficProxy({ diverter, clock, logger, otherAppHosts, misses });
  const readiness = await Readiness.open(settings, bindHost);
  let served: ServedPorts;
  try {
    served = await ServedPorts.open(proxy, config, { listen: bindHost, app: appHost });
  } catch (thrown) {
    await readiness[Symbol.asyncDispose]();
    throw thrown;
  }
  const app = {
    hosts: [appHost, ...otherAppHosts],
    ports: new Set(
      config.containers.flatMap(({ intercepts }) =>
        intercepts.filter(({ protocol }) => protocol === 'TCP').map(({ containerPort }) => containerPort),
      ),
    ),
  };
  const files = new FilesDesk({ config, mountDirectories: settings.mountDirectories, logger });
  const stop = new AbortController();
  const link = new AgentLink({
    settings,
    diverter,
    clock,
    logger,
    apply: (assignment) => served.apply(assignment),
    withdraw: () => served.withdraw(),
    onStream: (incoming) => {
      const asked = readMisses(incoming.metadata);
      const ofContainer = asked ? undefined : readOfContainer(incoming.metadata);
      if (asked) void reportMisses(incoming, asked, misses);
      else if (ofContainer?.kind === 'environment') void answerEnvironment(incoming, ofContainer, settings);
      else if (ofContainer) void files.serve(incoming, ofContainer);
      else void answerPassthrough(incoming, app);
    },
  });
  const linked = link.run(stop.signal);
  readiness.isReady = true;
  logger.info({ pod: pod.name, workload: config.workloadName, version: agentVersion }, 'traffic-agent is ready');

  const end = async (): Promise<void> => {
    readiness.isReady = false;
    stop.abort(new Error('the traffic-agent stops'));
    await linked;
    await served[Symbol.asyncDispose]();
    await readiness[Symbol.asyncDispose]();
  };
  return {
    async stop() {
      readiness.isReady = false;
      await served.drain(drainMs);
      await end();
    },
    [Symbol.asyncDispose]: end,
  };
}
