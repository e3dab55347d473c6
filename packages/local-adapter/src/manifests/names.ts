import type { Field } from './field.ts';

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const portName = /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;

/** The text if it is a DNS label of at most 63 characters; else it is reported. */
export function dnsLabel(field: Field): string | undefined {
  return checked(field, label, 63, 'letters a-z, digits and inner dashes, at most 63 characters');
}

/** The text if it is a DNS subdomain of at most 253 characters; else it is reported. */
export function dnsSubdomain(field: Field): string | undefined {
  return checked(field, subdomain, 253, 'letters a-z, digits, inner dashes and dots, at most 253 characters');
}

/** The text if it may name a port: at most 15 characters, at least one letter; else it is reported. */
export function ianaPortName(field: Field): string | undefined {
  return checked(
    field,
    portName,
    15,
    'letters a-z, digits and single inner dashes, at most 15 characters, one of them a letter',
  );
}

function checked(field: Field, pattern: RegExp, length: number, rule: string): string | undefined {
  const text = field.string();
  if (text !== undefined && (text.length > length || !pattern.test(text))) {
    field.report(`must be a name of ${rule}, is ${JSON.stringify(text.slice(0, 80))}`);
  }
  return text;
}
