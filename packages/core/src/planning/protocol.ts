import type { TransportProtocol } from '../model/agent-config.ts';

/** The protocol of a declared port as Kubernetes means it: absent and empty are TCP. */
export function protocolOf(port: { readonly protocol?: string }): string {
  return port.protocol || 'TCP';
}

/** Whether a traffic-agent can carry the protocol. SCTP is the one that Kubernetes has and an agent has not. */
export function isTransportProtocol(protocol: string): protocol is TransportProtocol {
  return protocol === 'TCP' || protocol === 'UDP';
}
