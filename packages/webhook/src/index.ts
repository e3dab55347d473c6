/**
 * Adds the traffic-agent to pods: a pure function from a pod and an agent config to a JSON Patch, and the same behind
 * the port `Injector`.
 * @packageDocumentation
 */

export {
  admissionPaths,
  admissionPort,
  interceptResource,
  systemNamespaces,
  webhookNames,
  webhookTimeoutSeconds,
} from './admission/webhook-names.ts';
export { applyPatch } from './apply-patch.ts';
export { mutatePod, mutateTemplate } from './mutate-pod.ts';
export type { ContainerResources, MutationOptions } from './mutation-options.ts';
export { originalTemplate } from './original-template.ts';
export {
  configDirectory,
  exportDirectory,
  hiddenPortsAnnotation,
  initContainerName,
  injectAnnotation,
  podInfoDirectory,
  readyPath,
  tokenAudience,
  tokenDirectory,
} from './sidecar-names.ts';
export { WebhookInjector } from './webhook-injector.ts';
