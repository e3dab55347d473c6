import { readFileSync } from 'node:fs';

/** The version of the traffic-agent, as published. */
export const agentVersion: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string }
).version;
