import { local } from '@fairlead/local-adapter';
import { clusterTest } from '@fairlead/sdk/vitest';
import { expect } from 'vitest';

const shop = local({ manifests: new URL('../quick-start/shop.yaml', import.meta.url).pathname });
const test = clusterTest({ cluster: shop });

test('an empty cart', async ({ session, mark }) => {
  const cart = await session.intercept({
    workload: 'deployment/cart',
    match: mark.match,
    handler: () => Response.json({ items: [] }),
  });

  const answer = await mark.fetch(shop.cluster.url('cart'));

  expect(await answer.json()).toEqual({ items: [] });
  expect((await cart.next()).request.headers.get('baggage')).toContain(session.key);
});

test('the real cart, in the same run', async ({ mark }) => {
  const answer = await mark.fetch(shop.cluster.url('cart'));

  expect(await answer.json()).toEqual({ items: ['rope'], amount: 12 });
});
