import { createSystemClock } from '@fairlead/core';
import { local } from '@fairlead/local-adapter';
import { connect } from '@fairlead/sdk';
import { MemoryCertificateStore, openMadeCertificates } from '@fairlead/webhook/server';
import { expect, it } from 'vitest';
import { manifests } from './one-app.ts';

/** Says which name was asked for, by which protocol, who asked, and what was sent. */
const program = (key: string, cert: string): string => `
  const options = { key: ${JSON.stringify(key)}, cert: ${JSON.stringify(cert)}, requestCert: true, rejectUnauthorized: false };
  require('node:https').createServer(options, (request, response) => {
    const { servername, alpnProtocol } = request.socket;
    const { subject } = request.socket.getPeerCertificate();
    if (request.url === '/away') return response.writeHead(307, { location: 'https://cart.default:80/' }).end();
    let bytes = 0;
    request.on('data', (piece) => { bytes += piece.length; });
    request.on('end', () => response.end([servername, alpnProtocol, subject?.CN ?? 'nobody', bytes].join(' ')));
  }).listen(8080)`;

it('a session asks Services by https: with authorities, names and certificates as undici takes them', async () => {
  const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });
  const dnsNames = ['cart', 'cart.default.svc'];
  await using made = await openMadeCertificates({ store: new MemoryCertificateStore(), clock, dnsNames });
  const { certificate: cert, privateKey: key, caBundle: ca } = made.current;
  await using cluster = local({ manifests: manifests(1, program(key, cert)) });
  await cluster.start();
  await using session = await connect(cluster);
  await using _ = await session.wiretap({ workload: 'cart' });
  const ask = async (url: string, init: Parameters<typeof session.fetch>[1] = {}): Promise<string> =>
    await (await session.fetch(url, init)).text();

  expect(await ask('https://cart:80/', { connect: { ca } })).toBe('cart http/1.1 nobody 0');
  const body = 'x'.repeat(300_000);
  expect(await ask('https://cart.default.svc:80/', { connect: { ca }, method: 'POST', body })).toBe(
    'cart.default.svc http/1.1 nobody 300000',
  );
  expect(await ask('https://cart:80/', { connect: { ca, cert, key } })).toBe('cart http/1.1 Fairlead 0');
  expect(await ask('https://cart.default:80/', { connect: { ca, servername: 'cart' } })).toBe('cart http/1.1 nobody 0');
  expect(await ask('https://cart:80/', { connect: { rejectUnauthorized: false } })).toBe('cart http/1.1 nobody 0');

  const unknown = session.fetch('https://cart:80/');
  await expect(unknown).rejects.toMatchObject({ code: 'bad-certificate', hint: expect.stringContaining('connect.ca') });
  const other = session.fetch('https://cart.default:80/', { connect: { ca } });
  await expect(other).rejects.toMatchObject({
    code: 'bad-certificate',
    message: expect.stringContaining('cart.default'),
  });
  const away = session.fetch('https://cart:80/away', { connect: { ca, servername: 'cart' } });
  await expect(away).rejects.toMatchObject({
    code: 'bad-certificate',
    message: expect.stringContaining('cart.default'),
  });
  const unusable = session.fetch('https://cart:80/', { connect: { cert: 'nonsense' } });
  await expect(unusable).rejects.toMatchObject({ code: 'bad-request' });
}, 60_000);
