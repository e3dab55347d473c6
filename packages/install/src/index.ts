/**
 * Every object of a Fairlead installation, as data, as `fairlead install` applies it and the Helm chart renders it; and the
 * installing, upgrading and uninstalling itself.
 * @packageDocumentation
 */

export { type HookName, hookJob } from './hook-job.ts';
export { installNames, managerPorts } from './install-names.ts';
export { installObjects } from './install-objects.ts';
export { type InstallOptions, installDefaults, type LogLevel, type Resources } from './install-options.ts';
export { install, upgrade } from './installer/install.ts';
export type { Installed, InstallerOptions, InstallProgress } from './installer/installer-options.ts';
export { optionsAnnotation } from './installer/remembered-options.ts';
export { type Uninstalled, type UninstallOptions, uninstall } from './installer/uninstall.ts';
export { interceptCrd } from './intercept-crd.ts';
export type { KubernetesObject, ObjectMetadata } from './kubernetes-object.ts';
export { parseInstallOptions } from './parse-install-options.ts';
