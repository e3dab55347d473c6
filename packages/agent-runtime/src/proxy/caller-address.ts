/** How a socket of IPv6 that takes IPv4 as well writes the latter (RFC 4291, 2.5.5.2). */
const mapped = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** The address of a caller as the caller would write it: whoever compares it need not know how the agent listens. */
export function callerAddress(address: string): string {
  return address.replace(mapped, '');
}
