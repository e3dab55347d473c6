import type { WorkloadKey } from '../model/workload.ts';
import type { CallOptions } from './call-options.ts';

/** What is to be shown of a cluster. */
export interface DiagnosticsRequest {
  readonly namespace: string;
  /** The workloads whose agents are meant. Default: all that have one. */
  readonly workloads?: readonly WorkloadKey[] | undefined;
}

/** One thing that tells what goes on: a log, a list of objects. */
export interface DiagnosticSource {
  /** Where it belongs, as a path in a folder: `agents/cart-1.log`. Lower-case, relative, unique. */
  readonly path: string;
  /**
   * Text as it is, or data to be written as JSON. Of a long log the last `maxBytes`, roughly. Nothing is redacted yet. Fails
   * as the cluster does.
   */
  read(options: CallOptions & { readonly maxBytes: number }): Promise<unknown>;
}

/** Shows what a cluster knows of Fairlead, for those who look for a cause. Changes nothing. */
export interface Diagnostics {
  /**
   * What there is to read, objects before logs. What cannot even be listed is a source that fails when it is read. Fails
   * with the signal's reason only.
   */
  sources(request: DiagnosticsRequest, options?: CallOptions): Promise<readonly DiagnosticSource[]>;
}
