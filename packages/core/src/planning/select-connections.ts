import { FairleadError } from '../errors.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import type { PortSelector, SelectedConnection } from '../model/intercept.ts';
import { formatWorkload } from '../model/workload.ts';
import { canonicalJson } from './canonical-json.ts';
import { identifiesPort } from './port-identifier.ts';

/** The connections that were meant, at least one; or why it is not clear which. */
export type SelectionResult =
  | { readonly ok: true; readonly connections: readonly SelectedConnection[] }
  | { readonly ok: false; readonly error: FairleadError };

/**
 * Finds the one connection that the selector means. A connection without a service is found by its container port. The
 * error's code is `no-such-port` or `ambiguous-port`, with the candidates as `service:port`, or `bad-config` when the
 * config declares one service port twice.
 */
export function selectConnections(config: AgentConfig, selector: PortSelector): SelectionResult {
  const all = allConnections(config);
  const matches = all.filter((connection) => isSelected(connection, selector));
  if (matches.length === 0) return failed(noSuchPort(config, selector, all));
  if (matches.length > 1) return failed(tooMany(config, selector, matches));
  return { ok: true, connections: matches };
}

/**
 * Finds the connections of several selectors, each named once, in the order asked for. No selectors mean the only
 * connection that there is. The first selector that is not clear decides.
 */
export function selectAll(config: AgentConfig, selectors: readonly PortSelector[]): SelectionResult {
  const found = new Map<string, SelectedConnection>();
  for (const selector of selectors.length > 0 ? selectors : [{}]) {
    const result = selectConnections(config, selector);
    if (!result.ok) return result;
    for (const connection of result.connections) found.set(canonicalJson(connection), connection);
  }
  return { ok: true, connections: [...found.values()] };
}

function allConnections(config: AgentConfig): readonly SelectedConnection[] {
  return config.containers.flatMap(({ name, intercepts }) =>
    intercepts.map((connection) => ({ ...connection, container: name })),
  );
}

function isSelected(connection: SelectedConnection, { service, port, container, protocol }: PortSelector): boolean {
  if (service !== undefined && service !== connection.serviceName) return false;
  if (container !== undefined && container !== connection.container) return false;
  if (protocol !== undefined && protocol !== connection.protocol) return false;
  return port === undefined || identifiesPort({ port: asPort(port) }, identityOf(connection));
}

/** Port names need a letter, so digits in a text are a number. */
function asPort(port: string | number): string | number {
  return typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port;
}

/** What callers know the connection by. */
function identityOf(connection: SelectedConnection): { name: string; number: number; protocol: string } {
  const { protocol } = connection;
  return connection.serviceName === ''
    ? { name: connection.containerPortName, number: connection.containerPort, protocol }
    : { name: connection.servicePortName, number: connection.servicePort, protocol };
}

function noSuchPort(config: AgentConfig, selector: PortSelector, all: readonly SelectedConnection[]): FairleadError {
  const hint = hintAtTarget(selector, all);
  return new FairleadError('no-such-port', `${nameOf(config)} has no interceptable port${describe(selector)}`, {
    phase: 'plan',
    candidates: [...new Set(all.map(formatConnection))],
    ...(hint && { hint }),
  });
}

/** Container ports are often taken for service ports. */
function hintAtTarget({ port }: PortSelector, all: readonly SelectedConnection[]): string | undefined {
  if (port === undefined || all.some((connection) => isSelected(connection, { port }))) return undefined;
  const behind = all.find(({ containerPort, containerPortName }) =>
    [containerPort, containerPortName].includes(asPort(port)),
  );
  return behind && `${port} is a container port; its traffic comes through ${formatConnection(behind)}.`;
}

function tooMany(config: AgentConfig, selector: PortSelector, matches: readonly SelectedConnection[]): FairleadError {
  const byName = [...new Set(matches.map(formatConnection))];
  // Manifests that no API server has checked may give one name to two ports; their numbers still tell them apart.
  const candidates = byName.length > 1 ? byName : [...new Set(matches.map(numberedLabel))];
  const name = nameOf(config);
  if (candidates.length === 1) {
    const message = `the agent config of ${name} declares ${byName[0]} more than once`;
    return new FairleadError('bad-config', message, { phase: 'plan' });
  }
  const message = `${name} has ${candidates.length} interceptable ports${describe(selector)}: name the ${missingWord(matches, selector)}`;
  return new FairleadError('ambiguous-port', message, { phase: 'plan', candidates });
}

/** The part of the selector that would tell the matches apart. */
function missingWord(matches: readonly SelectedConnection[], selector: PortSelector): string {
  const differ = (value: (connection: SelectedConnection) => unknown) => new Set(matches.map(value)).size > 1;
  const byService = selector.service === undefined && differ(({ serviceName }) => serviceName);
  const byPort = selector.port === undefined && differ((connection) => identityOf(connection).number);
  if (byService && byPort) return 'service, the port or both';
  if (byService) return 'service';
  if (byPort) return 'port';
  return differ(({ protocol }) => protocol) ? 'protocol' : 'container';
}

function describe({ port, protocol, service, container }: PortSelector): string {
  return [
    port === undefined ? '' : ` ${port}`,
    protocol === undefined ? '' : ` for ${protocol}`,
    service === undefined ? '' : ` of service ${service}`,
    container === undefined ? '' : ` in container ${container}`,
  ].join('');
}

function nameOf(config: AgentConfig): string {
  return formatWorkload({ kind: config.workloadKind, name: config.workloadName });
}

/** `service:port`, or `container/name:port` for a connection without a service; UDP is said, TCP understood. */
export function formatConnection(connection: SelectedConnection): string {
  const { name, number } = identityOf(connection);
  return labelWith(connection, name || number);
}

function numberedLabel(connection: SelectedConnection): string {
  return labelWith(connection, identityOf(connection).number);
}

function labelWith({ serviceName, container, protocol }: SelectedConnection, port: string | number): string {
  return `${serviceName || `container/${container}`}:${port}${protocol === 'UDP' ? '/UDP' : ''}`;
}

function failed(error: FairleadError): SelectionResult {
  return { ok: false, error };
}
