import type { LifecycleLimits } from '../lifecycle/reduce-intercept.ts';
import type { SessionRef } from '../model/intercept.ts';
import type { Logger } from '../ports/logger.ts';
import type { ControlPlaneOptions, ControlPlanePorts } from './control-plane-options.ts';
import type { PortCalls } from './port-calls.ts';

/** What the parts of a control plane share. */
export interface ControlContext {
  readonly ports: ControlPlanePorts;
  readonly options: ControlPlaneOptions;
  readonly limits: LifecycleLimits;
  readonly calls: PortCalls;
  readonly logger: Logger;
  /** A number greater than every one before, and than those of earlier control planes. */
  readonly nextEpoch: () => number;
  /** Whether the tunnel of the session that owns an intercept is up. */
  readonly isSessionUp: (session: SessionRef) => boolean;
}
