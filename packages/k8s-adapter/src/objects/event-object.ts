import type { KubernetesObject } from './kubernetes-object.ts';

/** An Event on the wire. */
export interface EventObject extends KubernetesObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string; readonly uid?: string };
}

/** When the event was seen last, in milliseconds since the epoch; 0 when it does not say. */
export function timeOf(event: EventObject): number {
  const said = event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata.creationTimestamp;
  const time = Date.parse(said ?? '');
  return Number.isNaN(time) ? 0 : time;
}
