/** Names and places that a pod with a traffic-agent has. Those of Telepresence 2.6 where the meaning is the same. */

/** The init container that writes the redirect rules. */
export const initContainerName = 'tel-agent-init';

/** Under what name, after `tm-`, and how long a port name may be. */
export const hiddenPortPrefix = 'tm-';

/** Kubernetes' limit for the name of a port. */
export const maxPortNameLength = 15;

/** The annotation that records, per container, which hidden port name stands for which original one. */
export const hiddenPortsAnnotation = 'fairlead.dev/hidden-ports';

/** The annotation by which a later admission sees that this pod is to have a traffic-agent. */
export const injectAnnotation = 'fairlead.dev/inject-traffic-agent';

/** The ConfigMap with the agent configs, unless an option says otherwise. */
export const defaultConfigMapName = 'telepresence-agents';

/** Where the traffic-agent finds its config: the file `config.yaml` in this directory. */
export const configDirectory = '/etc/traffic-agent';

/** Where the traffic-agent finds the pod's annotations: the file `annotations` in this directory. */
export const podInfoDirectory = '/tel_pod_info';

/** A writable directory of the traffic-agent, for what it exports. */
export const exportDirectory = '/tel_app_exports';

/** Where the traffic-agent finds its identity: the file `token` in this directory. */
export const tokenDirectory = '/var/run/secrets/fairlead.dev';

/** Beside the token, and the key in the ConfigMap: the authorities that the traffic-manager's certificate is from. */
export const caKey = 'ca.crt';

/** Whom the traffic-agent's token is meant for. */
export const tokenAudience = 'fairlead';

/** What the kubelet asks the traffic-agent to learn whether it serves its ports. */
export const readyPath = '/ready';

/** What an app's container reads to find the traffic-agent's API. */
export const apiPortVariable = 'TELEPRESENCE_API_PORT';

/** The user that the traffic-agent runs as where no other is given and one must be known. */
export const defaultAgentUser = 65_532;

/** Below it the traffic-agent sees what the app's containers mount. */
export const copiesDirectory = '/tel_app_mounts';
