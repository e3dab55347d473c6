/** Why a command is asked to end, when a signal does it. */
export class Interruption extends Error {
  override readonly name: string = 'Interruption';
  /** The signal that the process got. */
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}
