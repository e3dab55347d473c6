import { local } from '@fairlead/local-adapter';
import { type OnUnhandled, serveMsw } from '@fairlead/sdk/msw';
import { clusterTest } from '@fairlead/sdk/vitest';
import { HttpResponse, http, passthrough } from 'msw';
import { expect } from 'vitest';

const shop = local({ manifests: new URL('../quick-start/shop.yaml', import.meta.url).pathname });
const test = clusterTest({ cluster: shop });

// The handlers that the unit tests have already.
const handlers = [
  http.get('/stock/:sku', ({ params }) => HttpResponse.json({ sku: params.sku, left: 3 })),
  http.post('*/orders', async ({ request }) => HttpResponse.json({ got: await request.json() }, { status: 201 })),
  http.get('/real', () => passthrough()),
];

const cart = { workload: 'deployment/cart', handlers };

test('handlers of MSW answer in front of a deployed service', async ({ session, mark }) => {
  await serveMsw(session, { ...cart, match: mark.match });
  const url = shop.cluster.url('cart');

  const stock = await mark.fetch(`${url}/stock/rope`);
  const order = await mark.fetch(`${url}/orders`, { method: 'POST', body: '{"sku":"rope"}' });
  const real = await mark.fetch(`${url}/real`);
  const other = await mark.fetch(`${url}/other`);

  expect(await stock.json()).toEqual({ sku: 'rope', left: 3 });
  expect([order.status, await order.json()]).toEqual([201, { got: { sku: 'rope' } }]);
  expect([await real.json(), await other.json()]).toEqual(Array(2).fill({ items: ['rope'], amount: 12 }));
});

test('a test overrides them once, or until it resets them', async ({ session, mark }) => {
  const served = await serveMsw(session, { ...cart, match: mark.match });
  const left = async (): Promise<unknown> => await (await mark.fetch(`${shop.cluster.url('cart')}/stock/rope`)).json();
  const none = () => HttpResponse.json({ left: 0 });

  served.use(http.get('/stock/:sku', none, { once: true }));
  expect([await left(), await left()]).toEqual([{ left: 0 }, { sku: 'rope', left: 3 }]);
  served.restoreHandlers();
  expect(await left()).toEqual({ left: 0 });
  served.use(http.get('/stock/:sku', none));
  expect([await left(), await left()]).toEqual(Array(2).fill({ left: 0 }));
  served.resetHandlers();
  expect(await left()).toEqual({ sku: 'rope', left: 3 });
});

test('a network error is one', async ({ session, mark }) => {
  await serveMsw(session, { ...cart, match: mark.match, handlers: [http.get('/', () => HttpResponse.error())] });

  await expect(mark.fetch(shop.cluster.url('cart'))).rejects.toThrow();
});

test.for<[OnUnhandled, number]>([
  ['app', 200],
  ['error', 502],
  [() => new Response(null, { status: 418 }), 418],
])('what no handler answers is left to %s', async ([onUnhandled, status], { session, mark }) => {
  await serveMsw(session, { ...cart, match: mark.match, onUnhandled });

  const answer = await mark.fetch(`${shop.cluster.url('cart')}/nobody`);

  expect(answer.status).toBe(status);
  if (status === 502) expect(await answer.text()).toContain('no handler answers GET');
});
