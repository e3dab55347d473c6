/** The names by which pods of the cluster, its API server and sessions reach a Service. */
export function serviceDnsNames(
  service: string,
  namespace: string,
  clusterDomain = 'cluster.local',
): readonly string[] {
  const full = `${service}.${namespace}.svc`;
  return [full, `${full}.${clusterDomain}`, `${service}.${namespace}`, service];
}
