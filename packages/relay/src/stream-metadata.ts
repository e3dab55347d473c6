import type {
  AgentHello,
  CallStream,
  DialStream,
  DivertStream,
  EnvironmentStream,
  FilesStream,
  MissesStream,
  PassthroughStream,
  SessionHello,
  StreamMetadata,
  TapStream,
} from '@fairlead/core';

type Fields = Readonly<Record<string, unknown>>;

/** What a stream was opened with, when every field is there and of its kind; undefined otherwise. */
export function readMetadata(bytes: Uint8Array): StreamMetadata | undefined {
  const value = parse(bytes);
  if (!isFields(value)) return undefined;
  for (const isKind of [
    isAgentHello,
    isSessionHello,
    isDiverted,
    isPassthrough,
    isOfContainer,
    isMisses,
    isDial,
    isCall,
  ]) {
    if (isKind(value)) return value;
  }
  return undefined;
}

/** Metadata as it crosses the wire. */
export function writeMetadata(metadata: StreamMetadata): Uint8Array {
  return Buffer.from(JSON.stringify(metadata));
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

function isAgentHello(value: Fields): value is Fields & AgentHello {
  const { workload, pod } = value;
  return (
    value.kind === 'agent' &&
    isNumber(value.v) &&
    isFields(workload) &&
    areTexts(workload, 'namespace', 'kind', 'name') &&
    isFields(pod) &&
    areTexts(pod, 'name', 'uid') &&
    areTexts(value, 'configHash', 'version', 'token')
  );
}

function isSessionHello(value: Fields): value is Fields & SessionHello {
  return value.kind === 'session' && isNumber(value.v) && areTexts(value, 'id', 'key', 'version');
}

function isDiverted(value: Fields): value is Fields & (DivertStream | TapStream) {
  const { source, protocol } = value;
  return (
    (value.kind === 'divert' || value.kind === 'tap') &&
    areTexts(value, 'intercept') &&
    isNumber(value.containerPort) &&
    (isOneOf(protocol, 'tcp', 'http1', 'http2') || (protocol === 'udp' && value.kind === 'divert')) &&
    isFields(source) &&
    areTexts(source, 'address') &&
    isNumber(source.port)
  );
}

function isPassthrough(value: Fields): value is Fields & PassthroughStream {
  return value.kind === 'passthrough' && areTexts(value, 'intercept', 'agent') && isNumber(value.containerPort);
}

function isOfContainer(value: Fields): value is Fields & (EnvironmentStream | FilesStream) {
  const { kind, agent = '', pod = '' } = value;
  const isWhom = typeof agent === 'string' && typeof pod === 'string';
  return (kind === 'environment' || kind === 'files') && areTexts(value, 'intercept', 'container') && isWhom;
}

function isMisses(value: Fields): value is Fields & MissesStream {
  return value.kind === 'misses' && areTexts(value, 'intercept');
}

function isDial(value: Fields): value is Fields & DialStream {
  const { port } = value;
  const isPort = port === undefined || typeof port === 'string' || isNumber(port);
  return value.kind === 'dial' && areTexts(value, 'namespace', 'service') && isPort;
}

function isCall(value: Fields): value is Fields & CallStream {
  return value.kind === 'call' && areTexts(value, 'method');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function areTexts(value: Fields, ...names: string[]): boolean {
  return names.every((name) => typeof value[name] === 'string');
}

function isOneOf(value: unknown, ...texts: string[]): boolean {
  return texts.some((text) => text === value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
