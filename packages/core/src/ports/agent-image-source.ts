import type { CallOptions } from './call-options.ts';

/** Tells which agent image is preferred. */
export interface AgentImageSource {
  /** A full image name. Fails with `agent-image-unavailable`. */
  preferred(options?: CallOptions): Promise<string>;
}
