import { fileURLToPath } from 'node:url';
import { local } from '@fairlead/local-adapter';
import type { CommandContext } from '../context.ts';
import { tellStory } from '../demo/story.ts';
import { paint } from '../output/paint.ts';
import { printDocument } from '../output/print-document.ts';

const shop = fileURLToPath(new URL('../../demo/shop.yaml', import.meta.url));

/** `fairlead demo`: a sample shop on the embedded cluster, a personal and an exclusive intercept, under load. */
export async function demo(context: CommandContext): Promise<number> {
  const { terminal, progress, signal, format } = context;
  const began = performance.now();
  const seconds = (): string => ((performance.now() - began) / 1000).toFixed(1);
  progress.step('starting the shop: three workloads as local processes');
  await using cluster = local({ manifests: shop });
  const running = await cluster.start({ signal });
  progress.done(`the shop is ready after ${seconds()} s`);
  const result = await tellStory({
    cluster,
    addresses: {
      webUrl: running.url('web'),
      cartUrl: running.url('cart', 'http'),
      orders: running.address('orders-0.orders', 'orders'),
    },
    say: (text) => terminal.err(`${text}\n`),
    paint: paint(terminal.hasColour),
    signal,
  });
  progress.done(`done in ${seconds()} s`);
  printDocument(terminal, format, { seconds: Number(seconds()), ...result }, () => '');
  return 0;
}
