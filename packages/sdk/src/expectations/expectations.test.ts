import { createServer } from 'node:http';
import type { MissCounts } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { once, type RequestHandler } from '../index.ts';
import { ask, listening } from '../testing/loopback.ts';
import { SessionLab } from '../testing/session-lab.ts';
import { NoTrafficError } from './no-traffic-error.ts';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: cart\r\nConnection: close\r\n\r\n`;

const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: cart\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const match = { headers: { 'x-run': 'run-1' } };

const answerMine: RequestHandler = () => new Response('mine');

/** A personal intercept of the cart, and a way to send it requests. */
async function aPrice(lab: SessionLab, more: { handler?: RequestHandler; times?: number } = {}) {
  const session = await lab.connect();
  const options = { workload: 'deployment/cart', name: 'price', match, handler: answerMine, ...more };
  const price = await session.intercept(options);
  return { session, price, send: (bytes: string) => ask(lab.relay.divert('shop/price'), bytes) };
}

describe('Intercept.next', () => {
  it('hands out the calls one by one, those that came before and the first to come', async () => {
    await using lab = await SessionLab.start();
    const { price, send } = await aPrice(lab);
    await send(get('/1'));
    const first = await price.next();
    const waiting = price.next();
    await send(post('/2', '{"amount":2}'));

    const second = await waiting;

    expect([first.number, first.request.url, first.pod]).toEqual([1, 'http://cart/1', 'cart-1']);
    expect([second.request.method, await second.request.json()]).toEqual(['POST', { amount: 2 }]);
    expect(await second.answered()).toMatchObject({ servedBy: 'handler', status: 200 });
    expect(price.calls().map((call) => call.number)).toEqual([1, 2]);
  });

  it('leaves calls that are not wanted to those who want them', async () => {
    await using lab = await SessionLab.start();
    const { price, send } = await aPrice(lab);
    const wanted = price.next({ where: ({ url }) => url.endsWith('/wanted') });
    await send(get('/other'));
    await send(get('/wanted'));

    expect((await wanted).request.url).toBe('http://cart/wanted');
    expect((await price.next()).request.url).toBe('http://cart/other');
  });

  it('tells on expiry what came instead and which match would have taken it', async () => {
    await using lab = await SessionLab.start();
    const missed: MissCounts = {
      seen: 3,
      elsewhere: 1,
      missed: 2,
      nearest: [
        {
          method: 'GET',
          path: '/price',
          count: 2,
          lines: ['header x-run: wanted run-1, got none'],
          nearness: { held: 0, of: 1 },
          proposal: { match: { path: '/price' }, changes: [] },
        },
      ],
    };
    lab.relay.missed = missed;
    const { price } = await aPrice(lab);
    const outcome = price.next({ timeout: 500 }).catch((error: unknown) => error);

    await lab.clock.advance(500);
    const error = await outcome;

    expect(error).toBeInstanceOf(NoTrafficError);
    expect(error).toMatchObject({ code: 'no-traffic', nearMisses: missed.nearest, seen: missed });
    expect((error as Error).message).toBe(
      [
        'no request with x-run=run-1 came to deployment/cart in 500 ms',
        '  3 requests came, 2 of them went to the app, 1 to other intercepts',
        '  GET /price (2 times)',
        '    header x-run: wanted run-1, got none',
        '    would match: path=/price',
      ].join('\n'),
    );
    expect((error as NoTrafficError).hint).toContain('path=/price');
  });

  it('fails without near misses when the agents cannot be asked', async () => {
    await using lab = await SessionLab.start();
    const { price } = await aPrice(lab);
    const outcome = expect(price.next({ timeout: 0 })).rejects.toThrow(/what came instead is not known/);

    await lab.clock.advance(0);

    await outcome;
  });

  it('ends with the reason of the signal, and with the intercept', async () => {
    await using lab = await SessionLab.start();
    const { price } = await aPrice(lab);
    const reason = new Error('enough');
    await expect(price.next({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const outcome = expect(price.next()).rejects.toMatchObject({ code: 'closed' });

    await price.leave();

    await outcome;
    await expect(price.next()).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('Calls of a local server', () => {
  it('are taken down where requests are told apart, bodies and answers included', async () => {
    await using lab = await SessionLab.start();
    const to = await listening(createServer((_, out) => out.writeHead(201).end('made')));
    const session = await lab.connect();
    const price = await session.intercept({ workload: 'cart', name: 'price', match, to });
    const stream = lab.relay.divert('shop/price', { protocol: 'http1' });
    const answer = ask(stream, post('/1', '{"amount":1}').replace('Connection: close\r\n', '') + get('/2'));

    const [first, second] = [await price.next(), await price.next()];

    expect([await first.request.json(), second.request.url]).toEqual([{ amount: 1 }, 'http://cart/2']);
    expect(await first.answered()).toMatchObject({ servedBy: 'handler', status: 201 });
    expect((await answer).split('made')).toHaveLength(3);
    expect(await second.answered()).toMatchObject({ status: 201 });
  });
});

describe('A budget', () => {
  it('leaves to the app what comes when it is spent, also of requests at the same time', async () => {
    await using lab = await SessionLab.start();
    const { price, send, session } = await aPrice(lab, { times: 2 });
    const answers = await Promise.all([1, 2, 3].map((at) => send(get(`/${at}`))));

    expect(answers.filter((answer) => answer.endsWith('mine'))).toHaveLength(2);
    expect(answers.filter((answer) => answer.includes('502'))).toHaveLength(1);
    expect(price.budget).toMatchObject({ used: 2, most: 2, isSpent: true });
    expect(session.explain({ url: '/', headers: { 'x-run': 'run-1' } }).toString()).toBe(
      'price (deployment/cart): spent: 2 of 2 requests were answered',
    );
  });

  it('of one handler among several is its own', async () => {
    const { firstOf } = await import('../index.ts');
    await using lab = await SessionLab.start();
    const handler = firstOf(
      once(() => new Response('first')),
      () => new Response('then'),
    );
    const { send } = await aPrice(lab, { handler });

    const answers = [await send(get('/')), await send(get('/')), await send(get('/'))];

    expect(answers.map((answer) => answer.split('\r\n\r\n')[1])).toEqual(['first', 'then', 'then']);
  });

  it.each([0, 1.5, -1])('of %d is refused', async (times) => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();

    await expect(session.intercept({ workload: 'cart', handler: answerMine, times })).rejects.toMatchObject({
      code: 'bad-request',
    });
    await expect(session.intercept({ workload: 'cart', to: 1, times: 1 })).rejects.toThrow(/needs a handler/);
  });
});

describe('A call', () => {
  it('has its body also when the handler did not read it, and says so when it is too long to be kept', async () => {
    await using lab = await SessionLab.start();
    const { price, send } = await aPrice(lab);
    await send(post('/short', 'hello'));
    await send(post('/long', 'x'.repeat(100_000)));

    expect(await (await price.next()).request.text()).toBe('hello');
    await expect((await price.next()).request.text()).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('was answered by nobody when the handler failed', async () => {
    await using lab = await SessionLab.start();
    const handler: RequestHandler = () => {
      throw new Error('on purpose');
    };
    const { price, send } = await aPrice(lab, { handler });
    await send(get('/'));

    expect(await (await price.next()).answered()).toMatchObject({ servedBy: 'nobody', status: 502 });
  });
});

describe('Session.explain', () => {
  it('tells for each intercept whether it would take a request, and why not', async () => {
    await using lab = await SessionLab.start();
    const { session } = await aPrice(lab);
    await session.intercept({ workload: 'web', name: 'all', to: 1 });

    const { rules } = session.explain(new Request('http://cart/price', { headers: { 'x-run': 'run-2' } }));

    expect(rules).toEqual([
      {
        intercept: 'price',
        workload: 'deployment/cart',
        takes: false,
        lines: ['header x-run: wanted run-1, got run-2'],
      },
      { intercept: 'all', workload: 'web', takes: true, lines: [] },
    ]);
    expect(() => session.explain({ url: 'http://' })).toThrow(/not a URL/);
  });
});
