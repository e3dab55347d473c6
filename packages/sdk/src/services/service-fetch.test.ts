import { createServer, type RequestListener } from 'node:http';
import { createServer as createSilent } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anEcho, listening } from '../testing/loopback.ts';
import { SessionLab } from '../testing/session-lab.ts';
import { parseServiceAddress, serviceOfHost } from './service-address.ts';

/** A session in a cluster where all Services are this app. */
async function inFrontOf(lab: SessionLab, app: RequestListener) {
  lab.relay.appPort = await listening(createServer(app));
  return await lab.connect();
}

describe('Session.fetch', () => {
  it('asks Services by the names that pods use', async () => {
    await using lab = await SessionLab.start();
    const session = await inFrontOf(lab, (request, out) => out.end(`${request.headers.host}${request.url}`));

    const answers = await Promise.all(
      ['http://cart/a?b=c', 'http://cart.bank:8080/', 'http://cart.bank.svc.cluster.local/'].map((url) =>
        session.fetch(url).then((answer) => answer.text()),
      ),
    );

    expect(answers).toEqual(['cart/a?b=c', 'cart.bank:8080/', 'cart.bank.svc.cluster.local/']);
    expect(lab.relay.dialledServices.map(({ namespace, service, port }) => [namespace, service, port])).toEqual([
      ['shop', 'cart', 80],
      ['bank', 'cart', 8080],
      ['bank', 'cart', 80],
    ]);
  });

  it('sends bodies, decodes answers and streams both', async () => {
    await using lab = await SessionLab.start();
    const session = await inFrontOf(lab, (request, out) => {
      void text(request).then((body) => {
        out.writeHead(201, { 'content-encoding': 'gzip', 'x-got': request.headers['content-type'] ?? '' });
        out.end(gzipSync(`got ${body}`));
      });
    });

    const answer = await session.fetch('http://cart/', {
      method: 'POST',
      body: JSON.stringify({ a: 1 }),
      headers: { 'content-type': 'a/b' },
    });

    expect([answer.status, answer.headers.get('x-got'), answer.url]).toEqual([201, 'a/b', 'http://cart/']);
    expect(await answer.text()).toBe('got {"a":1}');
  });

  it('follows redirects within the cluster, and leaves credentials behind when the host changes', async () => {
    await using lab = await SessionLab.start();
    const session = await inFrontOf(lab, (request, out) => {
      if (request.url === '/end') out.end(`${request.method} ${request.headers.authorization ?? 'nobody'}`);
      else out.writeHead(303, { location: request.url === '/other' ? 'http://web/end' : '/end' }).end();
    });
    const init = { method: 'POST', body: 'x', headers: { authorization: 'Bearer me' } };

    const same = await session.fetch('http://cart/', init);
    const other = await session.fetch('http://cart/other', init);
    const manual = await session.fetch('http://cart/', { redirect: 'manual' });

    expect([await same.text(), same.redirected]).toEqual(['GET Bearer me', true]);
    expect([await other.text(), other.url]).toEqual(['GET nobody', 'http://web/end']);
    expect(manual.status).toBe(303);
    await expect(session.fetch('http://cart/', { redirect: 'error' })).rejects.toThrow(/not wanted/);
  });

  it('does not follow a redirect out of the cluster, nor one without end', async () => {
    await using lab = await SessionLab.start();
    const session = await inFrontOf(lab, ({ url }, out) => {
      out.writeHead(302, { location: url === '/out' ? 'http://169.254.169.254/' : '/loop' }).end();
    });

    await expect(session.fetch('http://cart/out')).rejects.toMatchObject({ code: 'bad-request' });
    await expect(session.fetch('http://cart/loop')).rejects.toThrow(/21th in a row/);
  });

  it('is aborted by its signal before and in the middle of the answer, and ends with the session', async () => {
    await using lab = await SessionLab.start();
    const session = await inFrontOf(lab, (_, out) => out.write('first'));
    const stop = new AbortController();
    const reason = new Error('enough');
    const answer = await session.fetch('http://cart/', { signal: stop.signal });
    const reading = expect(answer.text()).rejects.toThrow();
    const open = await session.fetch('http://cart/');
    const ending = expect(open.text()).rejects.toThrow();

    stop.abort(reason);
    await reading;
    await expect(session.fetch('http://cart/', { signal: stop.signal })).rejects.toThrow();
    await session.close();
    await ending;
    await expect(session.fetch('http://cart/')).rejects.toMatchObject({ code: 'closed' });
  });

  it('says that there is no TLS where there is none, and may be aborted while it asks for it', async () => {
    await using lab = await SessionLab.start();
    const session = await inFrontOf(lab, (_, out) => out.end());
    await expect(session.fetch('https://cart/')).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('TLS with cart failed'),
    });
    lab.relay.appPort = await listening(createSilent((socket) => void socket.on('error', () => {})));
    const stop = new AbortController();
    const asked = session.fetch('https://cart/', { signal: stop.signal });
    const reason = new Error('enough');
    await expect.poll(() => lab.relay.dialledServices.length).toBe(2);

    stop.abort(reason);

    await expect(asked).rejects.toBe(reason);
    expect(lab.relay.dialledServices.map(({ port }) => port)).toEqual([443, 443]);
  });

  it.each(['http://127.0.0.1/', 'http://[::1]/', 'http://169.254.169.254/', 'http://example.com/', 'http://a_b/'])(
    'refuses %s, which is no Service',
    async (url) => {
      await using lab = await SessionLab.start();
      const session = await lab.connect();

      await expect(session.fetch(url)).rejects.toMatchObject({
        code: expect.stringMatching(/bad-request|connection-lost/),
      });
      expect(lab.relay.dialledServices.every(({ service }) => service === 'example')).toBe(true);
    },
  );
});

describe('Session.dial', () => {
  it('gives a byte stream to a Service, of the session and of its children', async () => {
    await using lab = await SessionLab.start();
    lab.relay.appPort = await anEcho('hello ');
    const session = await lab.connect();

    const stream = await session.child().dial('orders:sql');
    stream.end('you');

    expect(await text(stream)).toBe('hello you');
    expect(lab.relay.dialledServices).toEqual([{ kind: 'dial', namespace: 'shop', service: 'orders', port: 'sql' }]);
  });

  it('gives many at a time, without a warning of listeners that leak', async () => {
    await using lab = await SessionLab.start();
    lab.relay.appPort = await anEcho('hello ');
    const session = await lab.connect();
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));

    const streams = await Promise.all(Array.from({ length: 20 }, () => session.dial('orders:sql')));
    // Warnings are told a tick later.
    await new Promise((resolve) => setImmediate(resolve));
    for (const stream of streams) stream.destroy();

    expect(streams).toHaveLength(20);
    expect(warnings).toEqual([]);
  });

  it('reads addresses as pods write them', () => {
    expect(parseServiceAddress('orders.bank:5432', 'shop')).toEqual({
      service: 'orders',
      namespace: 'bank',
      port: 5432,
    });
    expect(parseServiceAddress('orders', 'shop')).toEqual({ service: 'orders', namespace: 'shop' });
    expect(serviceOfHost('Orders.Bank.svc', 'shop')).toEqual({ service: 'orders', namespace: 'bank' });
    for (const bad of ['', ':80', 'a:', 'a:1:2', '10.0.0.1:80', 'db-0.db.shop.svc']) {
      expect(() => parseServiceAddress(bad, 'shop')).toThrow(expect.objectContaining({ code: 'bad-request' }));
    }
  });
});
