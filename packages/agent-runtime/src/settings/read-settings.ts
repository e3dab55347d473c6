import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FairleadError } from '@fairlead/core';
import { parseAnnotations } from '../environment/parse-annotations.ts';
import { type AgentSettings, parseAgentSettings } from './agent-settings.ts';

/** Where the injector mounts what an agent reads. */
const defaults = {
  config: '/etc/traffic-agent/config.yaml',
  token: '/var/run/secrets/fairlead.dev/token',
  annotations: '/tel_pod_info/annotations',
};
/** In the directory of the token. */
const caFile = 'ca.crt';

/**
 * Reads the settings of this pod: the config's file (`FAIRLEAD_AGENT_CONFIG`), the token's (`FAIRLEAD_AGENT_TOKEN`) with
 * the authorities of the relay beside it, and what the downward API put into the environment and into the annotations'
 * file (`FAIRLEAD_AGENT_ANNOTATIONS`). Fails with `bad-config`.
 */
export async function readAgentSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<AgentSettings> {
  const tokenFile = environment.FAIRLEAD_AGENT_TOKEN ?? defaults.token;
  const annotationsFile = environment.FAIRLEAD_AGENT_ANNOTATIONS ?? defaults.annotations;
  return parseAgentSettings({
    config: await readDocument(environment.FAIRLEAD_AGENT_CONFIG ?? defaults.config),
    environment,
    readToken: async () => readFileSync(tokenFile, 'utf8').trim(),
    readCa: async () => readIfThere(join(dirname(tokenFile), caFile)),
    readAnnotations: async () => parseAnnotations(readFileSync(annotationsFile, 'utf8')),
  });
}

/** A file of JSON or YAML. The YAML parser is loaded only when the file is not JSON, as memory is dear in a sidecar. */
async function readDocument(file: string): Promise<unknown> {
  try {
    const text = readFileSync(file, 'utf8');
    try {
      return JSON.parse(text);
    } catch {
      const { parse } = await import('yaml');
      return parse(text);
    }
  } catch (cause) {
    throw new FairleadError('bad-config', `the agent config ${join(file)} cannot be read`, { cause, phase: 'input' });
  }
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
