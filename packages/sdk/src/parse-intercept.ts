import { randomBytes } from 'node:crypto';
import {
  FairleadError,
  type InterceptSpec,
  type PortSelector,
  parseMatch,
  parsePortIdentifier,
  type WorkloadRef,
} from '@fairlead/core';
import type { DatagramHandler } from './datagrams/datagram-handler.ts';
import { Budget } from './handler/combine.ts';
import type { RequestHandler } from './handler/request-handler.ts';
import {
  type ExchangeOptions,
  type InterceptOptions,
  interceptDefaults,
  type PortOptions,
  type TrafficOptions,
  type WiretapOptions,
} from './intercept-options.ts';
import { type ParsedTarget, parseLocalTarget } from './local-target.ts';
import type { ExchangeIntakeOptions } from './wiretap/exchange-intake.ts';
import { parseWorkloadReference } from './workload-reference.ts';

/** Who serves the traffic of a port. */
export type Server =
  | { readonly to: ParsedTarget }
  | { readonly handler?: RequestHandler | undefined; readonly onDatagram?: DatagramHandler | undefined };

/** A port that is asked for. */
export interface WantedPort {
  readonly selector: PortSelector;
  readonly server: Server;
}

/** Options that were read and make sense by themselves. */
export interface WantedTraffic {
  readonly name: string;
  readonly spec: InterceptSpec;
  readonly timeoutMs: number;
}

const trafficFields = ['workload', 'port', 'ports', 'service', 'container', 'match', 'includeProbes', 'name'];
const waitFields = ['timeoutMs', 'onProgress', 'signal'];
const interceptFields = new Set([
  ...trafficFields,
  ...waitFields,
  'to',
  'handler',
  'onDatagram',
  'times',
  'servedByHeader',
  'toggle',
  'removeAgent',
]);
const wiretapFields = new Set([...trafficFields, ...waitFields, 'bufferBytes']);
const exchangeFields = new Set([...wiretapFields, 'bodyBytes', 'redact', 'items', 'whenFull']);

/** Reads the options of an intercept. Fails with `bad-request`, `bad-match` or `unsupported`. */
export function parseIntercept(
  options: InterceptOptions,
  namespace: string,
): WantedTraffic & {
  readonly ports: readonly WantedPort[];
  readonly budget: Budget | undefined;
  readonly servedByHeader: boolean;
  readonly removeAgent: boolean;
} {
  refuseUnknown(options, interceptFields);
  const { to, times, servedByHeader = true, toggle = 'drain', removeAgent = false } = options;
  for (const name of ['handler', 'onDatagram'] as const) {
    if (options[name] === undefined) continue;
    if (to !== undefined) throw bad(`to and ${name} exclude each other`);
    if (typeof options[name] !== 'function') throw bad(`${name} is not a function`);
  }
  const { handler } = options;
  if (toggle !== 'drain' && toggle !== 'cut') throw bad(`toggle is ${JSON.stringify(toggle)}, not drain or cut`);
  if (typeof servedByHeader !== 'boolean') throw bad('servedByHeader is neither true nor false');
  if (typeof removeAgent !== 'boolean') throw bad('removeAgent is neither true nor false');
  if (times !== undefined && handler === undefined) throw bad('times needs a handler');
  const budget = times === undefined ? undefined : new Budget(times);
  const within: InterceptOptions = budget && handler ? { ...options, handler: limited(handler, budget) } : options;
  const ports = portsOf(options).map((port) => {
    const selector = selectorOf(port, options);
    return { selector, server: serverOf(port, selector, within) };
  });
  const traffic = parseTraffic(
    options,
    namespace,
    ports.map(({ selector }) => selector),
  );
  const spec: InterceptSpec = { ...traffic.spec, mode: 'intercept', toggle };
  return { ...traffic, spec, ports, budget, servedByHeader, removeAgent };
}

/** Reads the options of a wiretap. Fails as {@link parseIntercept}. */
export function parseWiretap(
  options: WiretapOptions,
  namespace: string,
  known: ReadonlySet<string> = wiretapFields,
): WantedTraffic & { readonly bufferBytes: number } {
  refuseUnknown(options, known);
  const { bufferBytes = interceptDefaults.bufferBytes } = options;
  requirePositive('bufferBytes', bufferBytes);
  const selectors = portsOf(options).map((port) => selectorOf(port, options));
  const traffic = parseTraffic(options, namespace, selectors);
  return { ...traffic, spec: { ...traffic.spec, mode: 'wiretap' }, bufferBytes };
}

/** Reads the options of a wiretap of exchanges. Fails as {@link parseIntercept}. */
export function parseExchangeWiretap(
  options: WiretapOptions & ExchangeOptions,
  namespace: string,
): WantedTraffic & { readonly intake: ExchangeIntakeOptions } {
  const { bodyBytes, redact, items } = { ...interceptDefaults, ...definedOf(options) };
  const { whenFull = 'drop-oldest' } = options;
  if (!(Number.isInteger(bodyBytes) && bodyBytes >= 0)) throw bad(`bodyBytes is ${bodyBytes}, not a number of bytes`);
  if (!Array.isArray(redact) || redact.some((name) => typeof name !== 'string'))
    throw bad('redact is no list of names');
  requirePositive('items', items);
  if (whenFull !== 'drop-oldest' && whenFull !== 'drop-newest') {
    throw bad(`whenFull is ${JSON.stringify(whenFull)}`, ['drop-oldest', 'drop-newest']);
  }
  const { bufferBytes, ...wanted } = parseWiretap(options, namespace, exchangeFields);
  const secret = new Set(redact.map((name) => name.toLowerCase()));
  return { ...wanted, intake: { bodyBytes, redact: secret, items, whenFull, bufferBytes } };
}

function definedOf({ bodyBytes, redact, items }: ExchangeOptions) {
  return {
    ...(bodyBytes !== undefined && { bodyBytes }),
    ...(redact !== undefined && { redact }),
    ...(items !== undefined && { items }),
  };
}

/** What is selected when nothing else is said: the selectors of the options, none when there is only one port. */
export function parseSelectors(
  options: Pick<InterceptOptions, 'port' | 'ports' | 'service' | 'container'>,
): PortSelector[] {
  return portsOf(options).map((port) => selectorOf(port, options));
}

function parseTraffic(options: TrafficOptions, namespace: string, ports: readonly PortSelector[]): WantedTraffic {
  const workload = parseWorkloadReference(options.workload, namespace);
  const { timeoutMs = interceptDefaults.timeoutMs, includeProbes = false, match } = options;
  requirePositive('timeoutMs', timeoutMs);
  if (typeof includeProbes !== 'boolean') throw bad('includeProbes is not true or false');
  return {
    name: nameOf(options.name, workload),
    timeoutMs,
    spec: {
      mode: 'intercept',
      workload,
      ports,
      ...(match !== undefined && { match: parseMatch(match) }),
      includeProbes,
    },
  };
}

function portsOf({ port, ports }: Pick<InterceptOptions, 'port' | 'ports'>): readonly PortOptions[] {
  if (port !== undefined && ports !== undefined) throw bad('port and ports exclude each other');
  if (ports !== undefined && !Array.isArray(ports)) throw bad('ports is not a list');
  if (ports === undefined || ports.length === 0) return [{ port }];
  return ports.map((each: string | number | PortOptions) => (typeof each === 'object' ? each : { port: each }));
}

function selectorOf(port: PortOptions, options: Pick<InterceptOptions, 'service' | 'container'>): PortSelector {
  const service = port.service ?? options.service;
  const container = port.container ?? options.container;
  return {
    ...(port.port !== undefined && identifierOf(port.port)),
    ...(service !== undefined && { service }),
    ...(container !== undefined && { container }),
  };
}

/** `53/UDP` names the protocol as well. */
function identifierOf(port: string | number): PortSelector {
  if (!isPort(port)) throw bad(`port is ${JSON.stringify(port)}, no name or number`);
  if (typeof port === 'number' || !port.includes('/')) return { port };
  const identifier = parsePortIdentifier(port);
  if (!identifier) throw bad(`port is ${JSON.stringify(port)}, not a name or number with /TCP or /UDP`);
  return identifier;
}

function limited(handler: RequestHandler, budget: Budget): RequestHandler {
  return (request, context) => (budget.take() ? handler(request, context) : undefined);
}

function serverOf(port: PortOptions, { protocol }: PortSelector, options: InterceptOptions): Server {
  const target = port.to ?? options.to;
  if (target !== undefined) return { to: parseLocalTarget(target) };
  const { handler, onDatagram } = options;
  if (protocol === 'UDP' && !onDatagram) throw bad(`neither to nor onDatagram says who answers port ${port.port}`);
  if (protocol === 'TCP' && !handler) throw bad(`neither to nor handler says who answers port ${port.port}`);
  if (handler || onDatagram) return { handler, onDatagram };
  throw bad('neither to nor handler says who answers');
}

function nameOf(name: string | undefined, workload: WorkloadRef): string {
  if (name === undefined) return `${workload.name.slice(0, 50).toLowerCase()}-${randomBytes(4).toString('hex')}`;
  if (typeof name === 'string' && name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) return name;
  throw bad(`name is ${JSON.stringify(name)}: lower-case letters, digits and dashes between them, at most 63`);
}

function isPort(port: unknown): boolean {
  if (typeof port === 'number') return Number.isInteger(port) && port >= 1 && port <= 65535;
  return typeof port === 'string' && port !== '';
}

/** A misspelt `match` would otherwise take everybody's traffic. */
function refuseUnknown(options: object, known: ReadonlySet<string>): void {
  const unknown = Object.keys(options).find((field) => !known.has(field));
  if (unknown !== undefined) throw bad(`there is no option ${unknown}`, [...known]);
}

function requirePositive(field: string, value: unknown): void {
  if (typeof value !== 'number' || !(value > 0))
    throw bad(`${field} is ${JSON.stringify(value)}, not a positive number`);
}

function bad(message: string, candidates?: readonly string[]): FairleadError {
  return new FairleadError('bad-request', message, { phase: 'input', ...(candidates && { candidates }) });
}
