/** The embedded cluster: Kubernetes manifests as local processes. @packageDocumentation */
export {};
