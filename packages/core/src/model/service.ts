import type { StringMap } from './pod.ts';

/** A port of a Service. */
export interface ServicePort {
  /** May be absent when the Service has only one port. */
  readonly name?: string;
  readonly port: number;
  /** Number, container port name, or absent (then the port itself). */
  readonly targetPort?: number | string;
  /** Absent or empty means TCP. */
  readonly protocol?: string;
  readonly appProtocol?: string;
  readonly nodePort?: number;
}

/** A Service as far as planning reads it. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  /** Empty for manifests that no API server has seen. */
  readonly uid: string;
  /** Absent or empty: the Service selects nothing by itself. */
  readonly selector?: StringMap;
  /** `None` makes it headless. */
  readonly clusterIP?: string;
  readonly type?: string;
  readonly ports: readonly ServicePort[];
}

/** A Service without a cluster IP: callers reach pod addresses directly. */
export function isHeadless(service: Pick<Service, 'clusterIP'>): boolean {
  return service.clusterIP === 'None';
}
