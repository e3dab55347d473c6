import type { RedirectArguments } from './redirect-arguments.ts';

/** The chain in which all rules are, so that they can be replaced as one. */
export const redirectChain = 'FAIRLEAD_REDIRECT';

/** The family of addresses that rules are for. */
export type AddressFamily = 'ipv4' | 'ipv6';

/** A rule that leads traffic from one of the kernel's chains into ours. */
export interface EntryRule {
  readonly chain: 'PREROUTING' | 'OUTPUT';
  readonly rule: readonly string[];
}

/**
 * The chain with its rules: the same address, another port. It is written as `iptables-restore --noflush` reads it: naming the chain empties it, so that writing it
 * again leaves what writing it once leaves, and no packet ever meets half of it.
 */
export function chainContent({ redirects }: RedirectArguments): string {
  const rules = redirects.map(
    ({ protocol, containerPort, agentPort }) =>
      `-A ${redirectChain} -p ${protocol} -m ${protocol} --dport ${containerPort} -j DNAT --to-destination :${agentPort}`,
  );
  return ['*nat', `:${redirectChain} - [0:0]`, ...rules, 'COMMIT', ''].join('\n');
}

/** What comes from outside the pod. */
export const inboundEntry: EntryRule = { chain: 'PREROUTING', rule: ['-j', redirectChain] };

/**
 * What the pod sends to its own address, as it would to any other pod's; but neither what stays on the loopback nor what
 * the traffic-agent sends to the app.
 */
export function ownEntry(agentUser: number, family: AddressFamily): EntryRule {
  const loopback = family === 'ipv4' ? '127.0.0.0/8' : '::1/128';
  const rule = `! -d ${loopback} -m addrtype --dst-type LOCAL -m owner ! --uid-owner ${agentUser} -j ${redirectChain}`;
  return { chain: 'OUTPUT', rule: rule.split(' ') };
}
