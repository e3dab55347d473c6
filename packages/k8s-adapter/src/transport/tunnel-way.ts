/** How sessions come to the manager, see `KubernetesModuleOptions`. */
export type TunnelWay = 'service-proxy' | 'port-forward' | 'direct';
