import { local } from '@fairlead/local-adapter';
import { connect } from '@fairlead/sdk';
import { expect, test } from 'vitest';

const manifests = new URL('./shop.yaml', import.meta.url).pathname;

// README {
test('a gift in the cart', async () => {
  const shop = local({ manifests });
  await using session = await connect(shop);
  await using cart = await session.intercept({
    workload: 'deployment/cart',
    match: { headers: { 'x-run': session.key } },
    handler: async (_request, ctx) => {
      const real = await ctx.passthrough();
      return Response.json({ ...Object(await real.json()), amount: 0 });
    },
  });
  const answer = await fetch(shop.cluster.url('cart'), { headers: { 'x-run': session.key } });
  expect(await answer.json()).toEqual({ items: ['rope'], amount: 0 });
  expect(cart.phase).toBe('active');
});
// }
