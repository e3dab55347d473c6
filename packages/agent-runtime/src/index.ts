/** The traffic-agent: proxies on node sockets that pass, divert or copy traffic. @packageDocumentation */
export { containerEnvironment } from './environment/container-environment.ts';
export type { Variables } from './environment/service-variables.ts';
export type { DatagramOrigin, DivertedStream, Diverter, StreamOrigin } from './proxy/diverter.ts';
export { type MissWatch, MissWatches } from './proxy/miss-watches.ts';
export { NodeTrafficProxy, type NodeTrafficProxyOptions } from './proxy/node-traffic-proxy.ts';
export { defaultProxyLimits, type ProxyLimits } from './proxy/proxy-limits.ts';
export { type AgentSettings, parseAgentSettings, type RawAgentSettings } from './settings/agent-settings.ts';
export { JsonLineLogger } from './settings/json-line-logger.ts';
export { readAgentSettings } from './settings/read-settings.ts';
export { type AgentSurroundings, type RunningAgent, startAgent } from './start-agent.ts';
