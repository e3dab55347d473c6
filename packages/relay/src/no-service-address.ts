import { BlockList, isIPv6 } from 'node:net';

const blocked = new BlockList();
// This machine, the link (where clouds tell machines their secrets), nobody, everybody.
blocked.addSubnet('127.0.0.0', 8);
blocked.addSubnet('169.254.0.0', 16);
blocked.addSubnet('0.0.0.0', 8);
blocked.addSubnet('224.0.0.0', 3);
blocked.addAddress('::1', 'ipv6');
blocked.addAddress('::', 'ipv6');
blocked.addSubnet('fe80::', 10, 'ipv6');
blocked.addSubnet('ff00::', 8, 'ipv6');
// Where clouds with IPv6 keep the same secrets.
blocked.addAddress('fd00:ec2::254', 'ipv6');

/** Verdicts on addresses of late: sessions connect to the same few again and again, and a list takes its time. */
const verdicts = new Map<string, boolean>();
const maxVerdicts = 256;

/** Whether no Service of a cluster can have this address. */
export function isNoServiceAddress(address: string): boolean {
  const known = verdicts.get(address);
  if (known !== undefined) return known;
  const verdict = blocked.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  if (verdicts.size >= maxVerdicts) verdicts.clear();
  verdicts.set(address, verdict);
  return verdict;
}
