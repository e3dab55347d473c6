/** The names that the objects of an installation, the traffic-manager and its clients have to agree on. */
export const installNames: {
  /** Deployment, ServiceAccount, Service, Lease, and the roles of the traffic-manager. */
  readonly manager: string;
  /** The Service that the API server asks about pods and intercepts; every replica answers. */
  readonly injector: string;
  /** The ServiceAccount that may have the installation upgraded and taken away. */
  readonly hooks: string;
  /** The Secret with the certificates that the traffic-manager makes. */
  readonly tlsSecret: string;
  /** The ClusterRole for people who intercept. */
  readonly user: string;
  /** The ClusterRole for people who look at intercepts. */
  readonly view: string;
  /** The Role for reaching the traffic-manager. */
  readonly connect: string;
  /** The MutatingWebhookConfiguration for pods. */
  readonly podWebhook: string;
  /** The MutatingWebhookConfiguration for intercepts. */
  readonly interceptWebhook: string;
  /** The CustomResourceDefinition. */
  readonly interceptCrd: string;
  /** On the one pod of the traffic-manager that leads, with the value `leader`. */
  readonly roleLabel: string;
  /** Whom the tokens of agents and hooks are meant for. */
  readonly tokenAudience: string;
} = {
  manager: 'fairlead-manager',
  injector: 'fairlead-injector',
  hooks: 'fairlead-hooks',
  tlsSecret: 'fairlead-tls',
  user: 'fairlead-user',
  view: 'fairlead-view',
  connect: 'fairlead-connect',
  podWebhook: 'fairlead-pods',
  interceptWebhook: 'fairlead-intercepts',
  interceptCrd: 'intercepts.fairlead.dev',
  roleLabel: 'fairlead.dev/role',
  tokenAudience: 'fairlead',
};

/** Where the traffic-manager listens in its pod. */
export const managerPorts: {
  /** HTTPS: admission, hooks and health. */
  readonly webhook: number;
  /** TLS: the tunnels of agents and sessions. */
  readonly tunnel: number;
  /** HTTP, of which only the upgrade to TLS is taken: the tunnels of sessions that come through the API server's proxy. */
  readonly proxied: number;
  /** On the loopback of the pod, where only forwarded ports lead: tunnels without TLS, of sessions. */
  readonly forwarded: number;
  /** HTTP: metrics for Prometheus. */
  readonly metrics: number;
} = { webhook: 8443, tunnel: 8081, proxied: 8083, forwarded: 8082, metrics: 9090 };
