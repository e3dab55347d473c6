/**
 * The process in the cluster: the traffic-manager, and the small programs that its image has besides.
 * @packageDocumentation
 */

export { runAgentInit } from './agent-init/run-agent-init.ts';
export { type RunHookOptions, runHook } from './hook/run-hook.ts';
export { runManager } from './run-manager.ts';
export type { ManagerSettings } from './settings/manager-settings.ts';
export { type Environment, readManagerSettings } from './settings/read-manager-settings.ts';
