import type { TunnelErrorCode } from './tunnel-error.ts';

/** Thrown inside the reader when the peer broke a rule; the session turns it into its own end. */
export class ProtocolViolation extends Error {
  override readonly name: string = 'ProtocolViolation';
  /** What the session is closed with. */
  readonly code: TunnelErrorCode;

  constructor(message: string, code: TunnelErrorCode = 'protocol-error') {
    super(message);
    this.code = code;
  }
}
