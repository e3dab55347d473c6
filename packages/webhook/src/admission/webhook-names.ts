/** Names that the admission server and the objects of an installation have to agree on. */

/** The paths of the admission server. */
export const admissionPaths: {
  /** AdmissionReview of pods on CREATE. */
  readonly pods: string;
  /** AdmissionReview of intercepts on CREATE and UPDATE. */
  readonly intercepts: string;
  /** Whether the process runs. */
  readonly healthz: string;
  /** Whether it can answer reviews. */
  readonly readyz: string;
  /** Stops injecting and takes away what was made; authenticated. */
  readonly uninstall: string;
  /** Brings what an older version made up to date; authenticated. */
  readonly upgrade: string;
} = {
  pods: '/pods',
  intercepts: '/intercepts',
  healthz: '/healthz',
  readyz: '/readyz',
  uninstall: '/uninstall',
  upgrade: '/upgrade',
};

/** The names of the two webhooks, as they stand in their configurations. */
export const webhookNames: {
  /** With failurePolicy Ignore: never in the way of a rollout. */
  readonly pods: string;
  /** With failurePolicy Fail: no intercept without a verified requester. */
  readonly intercepts: string;
} = { pods: 'pods.fairlead.dev', intercepts: 'intercepts.fairlead.dev' };

/** The namespaces of the cluster itself; nothing is ever injected there. */
export const systemNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

/** Where the admission server listens, behind port 443 of its Service. */
export const admissionPort = 8443;

/** How long the API server waits for an answer, in seconds. The server gives one before that. */
export const webhookTimeoutSeconds = 5;

/** The resource that sessions ask with. */
export const interceptResource: { readonly group: string; readonly version: string; readonly resource: string } = {
  group: 'fairlead.dev',
  version: 'v1alpha1',
  resource: 'intercepts',
};
