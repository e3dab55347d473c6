/**
 * Every object of a Fairlead installation, as data: what `fairlead install` applies and what the Helm chart renders.
 * @packageDocumentation
 */

export { type HookName, hookJob } from './hook-job.ts';
export { injectorProbe } from './injector-probe.ts';
export { installNames, managerPorts } from './install-names.ts';
export { installObjects } from './install-objects.ts';
export { type InstallOptions, installDefaults, type LogLevel, type Resources } from './install-options.ts';
export { interceptCrd } from './intercept-crd.ts';
export type { KubernetesObject, ObjectMetadata } from './kubernetes-object.ts';
export { parseInstallOptions } from './parse-install-options.ts';
