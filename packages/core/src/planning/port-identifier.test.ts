import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPortIdentifier, identifiesPort, parsePortIdentifier } from './port-identifier.ts';

describe('a port identifier', () => {
  it.each([
    ['http', { port: 'http' }],
    ['8080', { port: 8080 }],
    ['53/UDP', { port: 53, protocol: 'UDP' }],
    [' grpc-web/tcp ', { port: 'grpc-web', protocol: 'TCP' }],
    ['1', { port: 1 }],
    ['65535', { port: 65_535 }],
    ['8080-tcp', { port: '8080-tcp' }],
  ])('is read from "%s"', (text, expected) => {
    expect(parsePortIdentifier(text)).toEqual(expected);
  });

  it.each([
    '',
    '0',
    '65536',
    '99999999999999999999',
    '1.5',
    '-1',
    'a b',
    'a_b',
    '-a',
    'a-',
    'HTTP',
    '1-2',
    'http/',
    '/TCP',
    'a/SCTP',
  ])('is not read from "%s"', (text) => {
    expect(parsePortIdentifier(text)).toBeUndefined();
  });

  it('survives being written and read', () => {
    const identifiers = fc.record(
      {
        port: fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/)),
        protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
      },
      { requiredKeys: ['port'] },
    );
    fc.assert(
      fc.property(identifiers, (identifier) => {
        expect(parsePortIdentifier(formatPortIdentifier(identifier))).toEqual(identifier);
      }),
    );
  });

  it('means a port by name or number, and by protocol only when it has one', () => {
    const port = { name: 'dns', number: 53, protocol: 'UDP' };

    expect(identifiesPort({ port: 'dns' }, port)).toBe(true);
    expect(identifiesPort({ port: 53, protocol: 'UDP' }, port)).toBe(true);
    expect(identifiesPort({ port: 53, protocol: 'TCP' }, port)).toBe(false);
    expect(identifiesPort({ port: '53' }, port)).toBe(false);
  });
});
