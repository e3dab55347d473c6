import { local } from '@fairlead/local-adapter';
import { type ClusterTestFixtures, type ClusterWorkerFixtures, clusterFixtures } from '@fairlead/sdk/playwright';
import { test as base, expect } from '@playwright/test';

const shop = local({ manifests: new URL('shop.yaml', import.meta.url).pathname });
const test = base.extend<ClusterTestFixtures, ClusterWorkerFixtures>(clusterFixtures({ cluster: shop }));

test('sold out', async ({ page, cluster, mark }) => {
  const stock = await cluster.intercept({
    workload: 'deployment/stock',
    match: mark.match,
    handler: () => Response.json({ left: 0 }),
  });

  await page.goto(shop.cluster.url('web'));

  await expect(page.locator('#stock')).toHaveText('sold out');
  expect(await (await stock.next()).answered()).toMatchObject({ servedBy: 'handler' });
});

test('the real stock, for everybody else', async ({ page, cluster }) => {
  expect(cluster.key).toMatch(/^run-/);

  await page.goto(shop.cluster.url('web'));

  await expect(page.locator('#stock')).toHaveText('7 left');
});
