import type { TransportProtocol } from '../model/agent-config.ts';

/** A port as people write it: `http`, `8080`, `53/UDP`. */
export interface PortIdentifier {
  /** A name, or a number from 1 to 65535. Port names need a letter, so the two cannot be confused. */
  readonly port: string | number;
  /** Absent: whichever there is. */
  readonly protocol?: TransportProtocol;
}

const grammar = /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)(?:\/(tcp|udp))?$/i;

/** Reads `name|number[/TCP|/UDP]`; undefined when the text is something else. The protocol may be in any case. */
export function parsePortIdentifier(text: string): PortIdentifier | undefined {
  const [, port = '', suffix] = grammar.exec(text.trim()) ?? [];
  const protocol = suffix?.toUpperCase() as TransportProtocol | undefined;
  if (/^\d+$/.test(port)) {
    const number = Number(port);
    return isPortNumber(number) ? { port: number, ...(protocol && { protocol }) } : undefined;
  }
  return /[a-z]/.test(port) && port === port.toLowerCase() ? { port, ...(protocol && { protocol }) } : undefined;
}

/** The text that {@link parsePortIdentifier} reads back. */
export function formatPortIdentifier(identifier: PortIdentifier): string {
  return identifier.protocol ? `${identifier.port}/${identifier.protocol}` : String(identifier.port);
}

/** Whether the identifier means a port of this name, number and protocol. */
export function identifiesPort(
  identifier: PortIdentifier,
  port: { readonly name: string; readonly number: number; readonly protocol: string },
): boolean {
  if (identifier.protocol && identifier.protocol !== port.protocol) return false;
  return identifier.port === (typeof identifier.port === 'number' ? port.number : port.name);
}

/** True for an integer from 1 to 65535. */
export function isPortNumber(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}
