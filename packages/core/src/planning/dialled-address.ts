import { FairleadError } from '../errors.ts';
import { isHeadless, type Service } from '../model/service.ts';

/** A port of a Service that somebody wants to connect to. */
export interface WantedService {
  readonly namespace: string;
  readonly service: string;
  /** By name or number; undefined: the only one. */
  readonly port?: string | number | undefined;
}

/** A port of a Service that may be connected to. */
export interface DialledAddress {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** Where the Service has an address of its own: a headless one has none. */
  readonly clusterIP?: string;
}

/**
 * Where the wanted port is, given the Services of its namespace. Only Services that select pods count: one of type
 * `ExternalName`, or whose endpoints somebody writes by hand, may lead anywhere, and whoever connects on behalf of others
 * must not be led. Fails with `not-found`, `no-such-port`, `ambiguous-port` or `unsupported`.
 */
export function dialledAddress(services: readonly Service[], wanted: WantedService): DialledAddress {
  const { namespace, service: name, port } = wanted;
  const found = services.find((each) => each.namespace === namespace && each.name === name);
  if (!found) {
    const candidates = services.filter((each) => each.namespace === namespace).map((each) => each.name);
    throw new FairleadError('not-found', `there is no Service ${name} in namespace ${namespace}`, { candidates });
  }
  if (found.type === 'ExternalName' || Object.keys(found.selector ?? {}).length === 0) {
    throw new FairleadError('unsupported', `Service ${name} does not select pods, so nobody can tell where it leads`);
  }
  const tcp = found.ports.filter(({ protocol = '' }) => protocol === '' || protocol === 'TCP');
  const candidates = tcp.map((each) => (each.name === undefined ? `${each.port}` : `${each.name} (${each.port})`));
  const fitting = tcp.filter((each) => port === undefined || each.port === port || each.name === port);
  const [only] = fitting;
  if (!only) throw new FairleadError('no-such-port', `Service ${name} has no TCP port ${port ?? ''}`, { candidates });
  if (fitting.length > 1)
    throw new FairleadError('ambiguous-port', `Service ${name} has several ports`, { candidates });
  const { clusterIP = '' } = found;
  const isOwn = clusterIP !== '' && !isHeadless(found);
  return { namespace, service: name, port: only.port, ...(isOwn && { clusterIP }) };
}
