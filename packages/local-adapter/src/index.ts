/**
 * The embedded cluster: Kubernetes manifests as local processes.
 * @packageDocumentation
 */

export type {
  ConfigData,
  ManifestObject,
  ManifestPlace,
  ManifestSet,
  ManifestWarning,
} from './manifests/manifest-set.ts';
export type { ManifestLiteral, ManifestSource } from './manifests/manifest-source.ts';
export { type ReadManifestsOptions, readManifests } from './manifests/read-manifests.ts';
