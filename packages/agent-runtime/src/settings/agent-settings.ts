import { type AgentConfig, FairleadError, parseAgentConfig, type StringMap } from '@fairlead/core';

/** Everything that one traffic-agent is told. */
export interface AgentSettings {
  readonly config: AgentConfig;
  readonly pod: { readonly name: string; readonly uid: string; readonly ip: string };
  /** Reads the token that proves which pod this is. Read anew at each dial, for it is renewed in place. A secret. */
  readonly readToken: () => Promise<string>;
  /**
   * Reads the authorities that the relay's certificate has to be from, as PEM; undefined when nobody has told them. Read
   * anew at each dial, for they change in place. Absent, or undefined: no TLS, which only this machine's own relay may do.
   */
  readonly readCa?: () => Promise<string | undefined>;
  /** The process's environment: with the variables of the app's containers behind their prefixes. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads the pod's annotations. Read anew each time, for they change in place. Default: there are none. */
  readonly readAnnotations?: () => Promise<StringMap>;
  /** The address to listen on. Default: all, but for a pod that shares its machine's loopback its own. */
  readonly bindHost?: string;
  /** Where the app listens. Default: the pod's address, and where that is not one of this machine only, the loopback. */
  readonly appHost?: string;
  /** Where `GET /ready` and `GET /healthz` are answered; absent: nowhere. */
  readonly healthPort?: number;
  /** A file that is there while traffic is served; absent: none. */
  readonly readyFile?: string;
  /** Where the mounts of this agent's container really are, by mount path; absent: at these paths. */
  readonly mountDirectories?: Readonly<Record<string, string>>;
  /** How long open connections may take to end after SIGTERM, in milliseconds. Default 10 000. */
  readonly drainMs?: number;
}

/** Where the parts of the settings were found. */
export interface RawAgentSettings {
  /** The parsed content of the agent config's file. */
  readonly config: unknown;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads the token, see {@link AgentSettings.readToken}. */
  readonly readToken: () => Promise<string>;
  /** Reads the authorities of the manager, see {@link AgentSettings.readCa}. */
  readonly readCa?: () => Promise<string | undefined>;
  /** Reads the annotations, see {@link AgentSettings.readAnnotations}. */
  readonly readAnnotations?: () => Promise<StringMap>;
}

/**
 * Makes settings of what was found. Fails with one `bad-config` that lists every problem.
 *
 * | variable | meaning |
 * | --- | --- |
 * | `_TEL_AGENT_POD_NAME`, `_TEL_AGENT_POD_UID`, `_TEL_AGENT_POD_IP` | the pod; required |
 * | `_TEL_AGENT_HEALTH_PORT` | {@link AgentSettings.healthPort} |
 * | `_TEL_AGENT_DRAIN_MS` | {@link AgentSettings.drainMs} |
 * | `FAIRLEAD_AGENT_BIND_HOST`, `FAIRLEAD_AGENT_APP_HOST` | {@link AgentSettings.bindHost}, {@link AgentSettings.appHost} |
 * | `FAIRLEAD_AGENT_READY_FILE` | {@link AgentSettings.readyFile} |
 * | `FAIRLEAD_MOUNTS` | {@link AgentSettings.mountDirectories}, as JSON |
 */
export function parseAgentSettings({
  config,
  environment,
  readToken,
  readCa,
  readAnnotations,
}: RawAgentSettings): AgentSettings {
  const problems: string[] = [];
  const text = (name: string): string => {
    const value = environment[name];
    if (!value) problems.push(`${name} is not set`);
    return value ?? '';
  };
  const number = (name: string, max: number): number | undefined => {
    const value = environment[name];
    if (value === undefined || value === '') return undefined;
    const parsed = Number(value);
    if (Number.isInteger(parsed) && parsed >= 0 && parsed <= max) return parsed;
    problems.push(`${name} is "${value}", wanted a number from 0 to ${max}`);
    return undefined;
  };
  const pod = {
    name: text('_TEL_AGENT_POD_NAME'),
    uid: text('_TEL_AGENT_POD_UID'),
    ip: text('_TEL_AGENT_POD_IP'),
  };
  const healthPort = number('_TEL_AGENT_HEALTH_PORT', 65_535);
  const drainMs = number('_TEL_AGENT_DRAIN_MS', 3_600_000);
  const { FAIRLEAD_AGENT_BIND_HOST: bindHost, FAIRLEAD_AGENT_APP_HOST: appHost } = environment;
  const { FAIRLEAD_AGENT_READY_FILE: readyFile } = environment;
  const mountDirectories = readDirectories(environment.FAIRLEAD_MOUNTS, problems);
  const parsed = readConfig(config, problems);
  if (problems.length > 0 || !parsed) {
    throw new FairleadError('bad-config', `the traffic-agent cannot start: ${problems.join('; ')}`, { phase: 'input' });
  }
  return {
    config: parsed,
    pod,
    readToken,
    environment,
    ...(readCa && { readCa }),
    ...(readAnnotations && { readAnnotations }),
    ...(bindHost && { bindHost }),
    ...(appHost && { appHost }),
    ...(readyFile && { readyFile }),
    ...(mountDirectories && { mountDirectories }),
    ...(healthPort !== undefined && { healthPort }),
    ...(drainMs !== undefined && { drainMs }),
  };
}

function readDirectories(text: string | undefined, problems: string[]): Record<string, string> | undefined {
  if (!text) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isMap && Object.values(value).every((each) => typeof each === 'string')) return value as Record<string, string>;
  } catch {
    // Told below, as everything that it may not be.
  }
  problems.push('FAIRLEAD_MOUNTS is no JSON object of directories by mount path');
  return undefined;
}

function readConfig(raw: unknown, problems: string[]): AgentConfig | undefined {
  try {
    return parseAgentConfig(raw);
  } catch (thrown) {
    problems.push(FairleadError.from(thrown).message);
    return undefined;
  }
}
