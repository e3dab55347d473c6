import type { Phase } from './phase.ts';

/** The connection is over; what still comes is of no interest. */
export class ClosingPhase implements Phase {
  clientSent(): void {}
  clientEnded(): void {}
  sideSent(): void {}
  sideEnded(): void {}
  sideLost(): void {}
  routesChanged(): void {}
  drain(): void {}
}
