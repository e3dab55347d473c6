import type { InterceptOwner, WorkloadResolver } from '@fairlead/core';
import { dialSocket, isNoServiceAddress, type ServiceDialler } from '@fairlead/relay';

/** Whether a session holds an intercept or a wiretap in a namespace. */
export type HoldsIn = (namespace: string, session: Pick<InterceptOwner, 'sessionId' | 'fingerprint'>) => boolean;

/**
 * Connects sessions to Services by the cluster's names. Who holds an intercept in a namespace has shown to the API server
 * that it may read the traffic there; nobody else is connected, and nowhere but to Services.
 */
export function serviceDialler(resolver: Pick<WorkloadResolver, 'services'>, holdsIn: HoldsIn): ServiceDialler {
  return {
    mayDial: ({ id, fingerprint }, namespace) => holdsIn(namespace, { sessionId: id, fingerprint }),
    services: (namespace, signal) => resolver.services(namespace, { signal }),
    connect: ({ namespace, service, port, clusterIP }, signal) => {
      // A name takes several questions to the cluster's DNS: only what has no address of its own is asked for by name.
      const host = clusterIP ?? `${service}.${namespace}.svc`;
      return dialSocket({ host, port, isForbidden: isNoServiceAddress }, signal);
    },
  };
}
