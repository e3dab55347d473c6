import { apiResources } from '../connection/api-resources.ts';
import type { UpgradeAttempt } from './upgrade-attempt.ts';

/** A port of a pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** An attempt to have a port of a pod forwarded, by whatever protocol. */
export interface PortForwardAttempt extends UpgradeAttempt {
  readonly port: number;
}

/** The attempt for this port. */
export function portForwardAttempt(
  { namespace, pod, port }: PodPort,
  { connection, signal }: Pick<UpgradeAttempt, 'connection' | 'signal'>,
): PortForwardAttempt {
  const address = { namespace, name: pod, subresource: 'portforward' };
  return {
    connection,
    asked: { verb: 'create', resource: apiResources.pods, address },
    port,
    ...(signal && { signal }),
  };
}
