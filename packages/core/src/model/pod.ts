/** Labels, annotations and the like. */
export type StringMap = Readonly<Record<string, string>>;

/** A port that a container declares. */
export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  /** Absent or empty means TCP. */
  readonly protocol?: string;
  readonly hostPort?: number;
}

/** An environment variable: a value, or a reference to where the value lives. */
export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: Readonly<Record<string, unknown>>;
}

/** A whole ConfigMap or Secret as environment, each name behind `prefix`. */
export interface EnvFromSource {
  readonly prefix?: string;
  readonly configMapRef?: { readonly name?: string; readonly optional?: boolean };
  readonly secretRef?: { readonly name?: string; readonly optional?: boolean };
}

/** Where a volume appears in a container. */
export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly subPathExpr?: string;
  readonly readOnly?: boolean;
  readonly mountPropagation?: string;
}

/** A handler of a probe or a lifecycle hook: HTTP, TCP, gRPC or command. */
export interface ProbeHandler {
  readonly httpGet?: {
    readonly port: number | string;
    readonly path?: string;
    readonly host?: string;
    readonly scheme?: string;
    readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
  };
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string };
  readonly grpc?: { readonly port: number; readonly service?: string };
  readonly exec?: { readonly command?: readonly string[] };
}

/** A probe with its timing, in seconds and counts; Kubernetes' defaults where absent. */
export interface Probe extends ProbeHandler {
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
}

/** What Fairlead reads of a container. Objects may carry more fields; they are kept. */
export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly ports?: readonly ContainerPort[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly EnvFromSource[];
  readonly volumeMounts?: readonly VolumeMount[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly lifecycle?: { readonly postStart?: ProbeHandler; readonly preStop?: ProbeHandler };
  readonly resources?: Readonly<Record<string, unknown>>;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly restartPolicy?: string;
}

/** A volume: a name and one source. */
export interface Volume {
  readonly name: string;
  readonly [source: string]: unknown;
}

/** What Fairlead reads of a pod spec. Objects may carry more fields; they are kept. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly hostNetwork?: boolean;
  readonly serviceAccountName?: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly terminationGracePeriodSeconds?: number;
  readonly restartPolicy?: string;
}

/** Metadata of a pod or pod template, as far as it is read. */
export interface PodMetadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: StringMap;
  readonly annotations?: StringMap;
}

/** A workload's `spec.template`. */
export interface PodTemplate {
  readonly metadata?: PodMetadata;
  readonly spec: PodSpec;
}

/** A pod as a manifest: what an injector mutates. */
export interface PodManifest {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: PodMetadata;
  readonly spec: PodSpec;
}

/** Why a pod does not become ready: the first decisive cause read from its status and events. */
export interface PodProblem {
  /** For example `image-pull`, `quota`, `admission`, `probe`, `crash`, `unschedulable`. */
  readonly cause: 'image-pull' | 'quota' | 'admission' | 'probe' | 'crash' | 'unschedulable' | 'config' | 'other';
  /** The cluster's own words. */
  readonly message: string;
}

/** A running pod as observed. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ip?: string;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly ready: boolean;
  /** Marked for deletion; it no longer counts as an agent. */
  readonly deleting: boolean;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The agent config hash with which it was injected; absent: it has no traffic-agent. */
  readonly configHash?: string;
  readonly problem?: PodProblem;
}

/** The annotation on injected pods that carries {@link Pod.configHash}. */
export const configHashAnnotation = 'fairlead.dev/config-hash';

/** The name of the sidecar container. */
export const agentContainerName = 'traffic-agent';
