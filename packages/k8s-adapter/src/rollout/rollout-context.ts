import type { Clock, Logger } from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { EventObject } from '../objects/event-object.ts';
import type { PodObject } from '../objects/pod-object.ts';
import type { EndpointsObject, ServiceObject } from '../objects/service-object.ts';

/** Times of a rollout, in milliseconds. */
export interface RolloutTimes {
  /** For a successor to become ready. */
  readonly readyTimeoutMs: number;
  /** For a disruption budget to allow an eviction. */
  readonly evictTimeoutMs: number;
  /** For the endpoints of Services to follow. */
  readonly endpointsTimeoutMs: number;
  /** Between the endpoints having followed and the deletion: for proxies everywhere to follow too. */
  readonly drainMs: number;
  /** For a deleted pod to end. */
  readonly goneTimeoutMs: number;
  /** Between two looks at the cluster. */
  readonly pollMs: number;
}

/** What the parts of a rollout share. */
export class RolloutContext {
  readonly connection: KubernetesConnection;
  readonly times: RolloutTimes;
  readonly logger: Logger;
  readonly pods: ObjectClient<PodObject>;
  readonly services: ObjectClient<ServiceObject>;
  readonly endpoints: ObjectClient<EndpointsObject>;
  readonly events: ObjectClient<EventObject>;

  constructor(connection: KubernetesConnection, times: RolloutTimes, logger: Logger) {
    this.connection = connection;
    this.times = times;
    this.logger = logger;
    this.pods = new ObjectClient(connection, apiResources.pods);
    this.services = new ObjectClient(connection, apiResources.services);
    this.endpoints = new ObjectClient(connection, apiResources.endpoints);
    this.events = new ObjectClient(connection, apiResources.events);
  }

  get clock(): Clock {
    return this.connection.clock;
  }
}
