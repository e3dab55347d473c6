import type { TunnelErrorCode } from './tunnel-error.ts';

const codes: readonly (TunnelErrorCode | undefined)[] = [
  undefined,
  'protocol-error',
  'flow-control',
  'flood',
  'heartbeat-unanswered',
  'heartbeat-silent',
  'heartbeat-stale',
  'resume-refused',
  'resume-expired',
  'internal',
  'version-mismatch',
  'not-a-tunnel',
  'handshake-timeout',
  'aborted',
];

/** The number in GOAWAY for the reason of an end; 0 for those that are nobody's fault. */
export function closeCodeNumber(code: TunnelErrorCode | undefined): number {
  return Math.max(0, codes.indexOf(code));
}

/** The reason behind a number in GOAWAY; undefined for 0 and for numbers of a later version. */
export function closeCodeOf(number: number): TunnelErrorCode | undefined {
  return codes[number];
}
