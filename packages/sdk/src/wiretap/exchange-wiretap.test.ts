import { gzipSync } from 'node:zlib';
import { encodeTapFrame, type TapFrame } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import type { ExchangeOptions, WiretapOptions } from '../intercept-options.ts';
import { SessionLab } from '../testing/session-lab.ts';
import { toHar } from './to-har.ts';

const asked = (text: string | Uint8Array): TapFrame => ({ direction: 'request', bytes: Buffer.from(text) });
const answered = (text: string | Uint8Array): TapFrame => ({ direction: 'response', bytes: Buffer.from(text) });
const get = (path: string, ...headers: string[]): TapFrame =>
  asked([`GET ${path} HTTP/1.1`, 'Host: cart', ...headers, '', ''].join('\r\n'));
const ok = (body: string, ...headers: string[]): TapFrame =>
  answered(['HTTP/1.1 200 OK', `Content-Length: ${body.length}`, ...headers, '', body].join('\r\n'));

/** A wiretap of the cart, and a way to let a connection be copied. */
async function aTap(lab: SessionLab, options: Partial<WiretapOptions & ExchangeOptions> = {}) {
  const session = await lab.connect();
  const tap = await session.wiretap({ workload: 'cart', name: 'look', ...options });
  const connection = (protocol: 'http1' | 'tcp' = 'http1') => lab.relay.tap('shop/look', { protocol });
  const copied = (frames: readonly TapFrame[], protocol: 'http1' | 'tcp' = 'http1'): void => {
    const stream = connection(protocol);
    for (const frame of frames) stream.write(encodeTapFrame(frame));
    stream.end();
  };
  return { tap, connection, copied };
}

describe('Session.wiretap', () => {
  it('yields requests with their answers, who answered them, and when', async () => {
    await using lab = await SessionLab.start();
    const { tap, copied } = await aTap(lab);
    copied([
      get('/1'),
      ok('one'),
      asked('POST /2 HTTP/1.1\r\nHost: cart\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":2}\r\n0\r\n\r\n'),
      answered('HTTP/1.1 100 Continue\r\n\r\n'),
      { servedBy: 'shop/mine' },
      answered('HTTP/1.1 201 Made\r\nContent-Length: 8\r\nX-A: b\r\n\r\n{"b":3}\n'),
      get('/3'),
      answered('HTTP/1.1 200 OK\r\n\r\nto the end'),
    ]);

    const [first, second, third] = [await tap.next(), await tap.next(), await tap.next()];

    expect(first).toMatchObject({
      number: 1,
      request: { method: 'GET', url: 'http://cart/1', httpVersion: 'HTTP/1.1' },
      response: { status: 200, statusText: 'OK', httpVersion: 'HTTP/1.1' },
      servedBy: 'app',
      pod: 'cart-1',
      containerPort: 8080,
      source: { address: '10.0.0.9' },
      isTruncated: false,
    });
    expect(first.response?.text()).toBe('one');
    expect([second.request.json(), second.response?.json()]).toEqual([{ a: 2 }, { b: 3 }]);
    expect([second.servedBy, second.response?.status, second.response?.headers.get('x-a')]).toEqual([
      'shop/mine',
      201,
      'b',
    ]);
    expect([third.servedBy, third.response?.text()]).toEqual(['app', 'to the end']);
    expect(third.timing.startedAt).toBeInstanceOf(Date);
    expect(tap.stats).toEqual({ seen: 3, delivered: 3, dropped: 0, truncated: 0 });
  });

  it('keeps credentials secret unless told otherwise, also in the archive', async () => {
    await using lab = await SessionLab.start();
    const { tap, copied } = await aTap(lab);
    copied([get('/', 'Authorization: Bearer hush', 'Cookie: a=hush', 'X-Open: yes'), ok('', 'Set-Cookie: a=hush')]);

    const exchange = await tap.next();

    expect(exchange.request.headers.get('authorization')).toBe('[redacted]');
    expect(exchange.request.headers.get('x-open')).toBe('yes');
    expect(exchange.response?.headers.get('set-cookie')).toBe('[redacted]');
    expect(JSON.stringify([toHar([exchange]), exchange.request.rawHeaders])).not.toContain('hush');

    await using other = await SessionLab.start();
    const open = await aTap(other, { redact: ['X-Key'] });
    open.copied([get('/', 'Authorization: Bearer known', 'X-Key: hush'), ok('')]);
    const { rawHeaders } = (await open.tap.next()).request;
    expect(rawHeaders).toEqual(['Host', 'cart', 'Authorization', 'Bearer known', 'X-Key', '[redacted]']);
  });

  it('bounds bodies and says what is missing of them', async () => {
    await using lab = await SessionLab.start();
    const { tap, copied } = await aTap(lab, { bodyBytes: 4 });
    copied([
      get('/long'),
      ok('0123456789'),
      asked('POST /gap HTTP/1.1\r\nContent-Length: 6\r\n\r\nab'),
      { direction: 'request', dropped: 4 },
      ok('fine'),
      get('/cut'),
    ]);

    const [long, gap, cut] = [await tap.next(), await tap.next(), await tap.next()];

    expect([long.response?.text(), long.response?.bodyBytes, long.response?.isTruncated]).toEqual(['0123', 10, true]);
    expect(() => long.response?.json()).toThrow(/truncated/);
    expect([gap.request.text(), gap.request.bodyBytes, gap.response?.text()]).toEqual(['ab', 6, 'fine']);
    expect([cut.response, cut.isTruncated]).toEqual([undefined, true]);
    expect(tap.stats).toEqual({ seen: 3, delivered: 3, dropped: 0, truncated: 3 });
  });

  it('drops the oldest exchanges, or the newest, when nobody reads, and counts them', async () => {
    for (const [whenFull, kept] of [
      ['drop-oldest', ['/3', '/4']],
      ['drop-newest', ['/1', '/2']],
    ] as const) {
      await using lab = await SessionLab.start();
      const { tap, copied } = await aTap(lab, { items: 2, whenFull });
      copied([1, 2, 3, 4].flatMap((at) => [get(`/${at}`), ok('')]));
      await expect.poll(() => tap.stats).toEqual({ seen: 4, delivered: 0, dropped: 2, truncated: 0 });

      const urls = [await tap.next(), await tap.next()].map(({ request }) => new URL(request.url).pathname);

      expect(urls).toEqual(kept);
    }
  });

  it('keeps memory bounded whatever comes', async () => {
    await using lab = await SessionLab.start();
    const { tap, copied } = await aTap(lab, { bufferBytes: 20_000 });
    copied(Array.from({ length: 40 }, (_, at) => [get(`/${at}`), ok('x'.repeat(5_000))]).flat());
    await expect.poll(() => tap.stats.seen).toBe(40);
    await tap.leave();

    let bytes = 0;
    for await (const { response } of tap) bytes += response?.body.length ?? 0;

    expect(bytes).toBeLessThanOrEqual(20_000);
    expect(tap.stats.delivered + tap.stats.dropped).toBe(40);
  });

  it('counts what is no HTTP/1 as dropped, and reads HTTP on a connection that was copied as a whole', async () => {
    await using lab = await SessionLab.start();
    const { tap, copied } = await aTap(lab);
    copied([asked('SSH-2.0-client\r\n\r\n'), answered('SSH-2.0-server\r\n')], 'tcp');
    await expect.poll(() => tap.stats).toEqual({ seen: 1, delivered: 0, dropped: 1, truncated: 0 });
    copied([{ servedBy: 'shop/whole' }, get('/1'), ok(''), get('/2'), ok('')], 'tcp');

    expect([(await tap.next()).servedBy, (await tap.next()).servedBy]).toEqual(['shop/whole', 'shop/whole']);
  });

  it('waits for a certain exchange, and fails with no-traffic, with the reason of the signal, or at its end', async () => {
    await using lab = await SessionLab.start();
    const { tap, copied } = await aTap(lab);
    const wanted = tap.next({ where: ({ request }) => request.url.endsWith('/wanted') });
    copied([get('/other'), ok(''), get('/wanted'), ok('')]);
    expect((await wanted).request.url).toBe('http://cart/wanted');
    expect((await tap.next()).request.url).toBe('http://cart/other');

    const late = expect(tap.next({ timeout: 100 })).rejects.toMatchObject({ code: 'no-traffic' });
    await lab.clock.advance(100);
    await late;
    const reason = new Error('enough');
    await expect(tap.next({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const left = expect(tap.next()).rejects.toMatchObject({ code: 'closed' });
    await tap.leave();
    await left;
  });

  it('makes an HTTP archive', async () => {
    await using lab = await SessionLab.start();
    const { tap, copied } = await aTap(lab);
    const zipped = gzipSync('{"ok":true}');
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n`;
    copied([
      get('/a?b=c%20d'),
      answered(Buffer.concat([Buffer.from(head), zipped])),
      get('/bytes'),
      answered(Buffer.from([...Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'), 0xff, 0xfe])),
      get('/never'),
    ]);

    const har = toHar([await tap.next(), await tap.next(), await tap.next()]);

    expect(har.log).toMatchObject({ version: '1.2', creator: { name: 'fairlead' } });
    expect(har.log.entries).toMatchObject([
      {
        request: { method: 'GET', url: 'http://cart/a?b=c%20d', queryString: [{ name: 'b', value: 'c d' }] },
        response: { status: 200, content: { text: '{"ok":true}', mimeType: 'application/json' } },
        _pod: 'cart-1',
        _servedBy: 'app',
      },
      { response: { content: { text: '//4=', encoding: 'base64' } } },
      { response: { status: 0 }, comment: expect.stringContaining('incomplete') },
    ]);
  });

  it.each([
    ['bodyBytes', { bodyBytes: -1 }],
    ['redact', { redact: 'cookie' }],
    ['items', { items: 0 }],
    ['whenFull', { whenFull: 'block' }],
  ])('refuses a bad %s', async (_, options) => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();

    await expect(session.wiretap({ workload: 'cart', ...options } as never)).rejects.toMatchObject({
      code: 'bad-request',
    });
  });
});
