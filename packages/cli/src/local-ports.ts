import type { ClusterView, Session } from '@fairlead/sdk';
import type { PublishedPort } from './programs/docker-run-line.ts';
import type { WantedTraffic } from './traffic-arguments.ts';

/** A service port, and the port or address that gets its traffic. */
export interface LocalPort {
  readonly port: string | number | undefined;
  readonly to: string | number | undefined;
  /** The port of the pod's container that the traffic was meant for, where it was found out. */
  readonly containerPort: number | undefined;
}

/** Traffic, and where it goes unless its ports say. */
export interface TargetedTraffic extends WantedTraffic {
  readonly to: string | undefined;
  /** Whether container ports have to be found out where targets are known without. */
  readonly findsContainerPorts: boolean;
}

/** Gives every port a target: its own, that of `--to`, else the container port on this machine. */
export async function withTargets(
  view: Pick<Session | ClusterView, 'plan'>,
  workload: string,
  { ports, service, container, to, findsContainerPorts }: TargetedTraffic,
): Promise<readonly LocalPort[]> {
  const wanted = ports.length > 0 ? ports : [{ port: undefined, local: undefined }];
  return await Promise.all(
    wanted.map(async ({ port, local }) => {
      const known = local ?? to;
      if (known !== undefined && !findsContainerPorts) return { port, to: known, containerPort: undefined };
      const { connections } = await view.plan({ workload, service, container, ports: [{ port }] });
      const containerPort = connections[0]?.containerPort;
      return { port, to: known ?? containerPort, containerPort };
    }),
  );
}

/** The ports that a container on this machine has to have so that the traffic gets to it. */
export function publishedPorts(ports: readonly LocalPort[]): readonly PublishedPort[] {
  return ports.flatMap(({ to, containerPort }) => {
    const local = typeof to === 'number' ? to : Number(/:(\d+)$/.exec(to ?? '')?.[1] ?? Number.NaN);
    return Number.isNaN(local) || containerPort === undefined ? [] : [{ local, container: containerPort }];
  });
}
