import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { ManualClock } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { testCertificates } from '../testing/test-certificates.ts';
import { DirectTlsTunnelTransport } from './direct-tls-tunnel-transport.ts';

const { ca, cert, key, fingerprint } = testCertificates;

describe('a tunnel by direct TLS', () => {
  it('shows the certificate by which the manager knows the session', async () => {
    const server = createTlsServer({ cert, key, requestCert: true, rejectUnauthorized: false });
    await using listening = await listen(server);
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const transport = new DirectTlsTunnelTransport({ ...listening, tls: { ca, certificate: { cert, key } } });

    const near = await transport.dial();
    const [far] = await accepted;

    const shown = far.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase();
    expect(shown).toBe(fingerprint);
    expect(far.getProtocol()).toBe('TLSv1.3');
    near.destroy();
    far.destroy();
  });

  it('gives up a manager that accepts and then says nothing', async () => {
    await using listening = await listen(createServer());
    const clock = new ManualClock();
    const dialled = new DirectTlsTunnelTransport({ ...listening, tls: { ca }, clock, timeoutMs: 3_000 }).dial();
    const ended = expect(dialled).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('did not answer within 3 s'),
    });

    await clock.advance(3_000);

    await ended;
  });

  it('does not believe a certificate for another name', async () => {
    await using listening = await listen(createTlsServer({ cert, key }));
    const tls = { ca, servername: 'somebody.else.svc' };

    await expect(new DirectTlsTunnelTransport({ ...listening, tls }).dial()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('somebody.else.svc'),
    });
  });
});

/** Where the server listens, until it is disposed. */
async function listen(server: Server): Promise<AsyncDisposable & { readonly host: string; readonly port: number }> {
  server.on('tlsClientError', () => {});
  const open = new Set<{ destroy(): unknown }>();
  server.on('connection', (socket) => open.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
