import type { Duplex } from 'node:stream';
import type { TunnelTransport } from '@fairlead/core';

/** A transport whose streams may break without anybody listening: for cases that do not care how they end. */
export function forgiving(transport: TunnelTransport<Duplex>): TunnelTransport<Duplex> {
  return { dial: async (options) => (await transport.dial(options)).on('error', () => {}) };
}
