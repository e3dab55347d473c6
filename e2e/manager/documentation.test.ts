import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { blocksOf, placeOf } from '../docs/blocks.ts';
import { commandsIn, fairleadCallsIn } from '../docs/shell.ts';
import { hasCluster, RealCluster } from '../k8s-adapter/real-cluster.ts';
import { RunningCommand } from '../stories/command.ts';
import { Installation, image } from './installation.ts';
import { InstalledShop } from './installed-shop.ts';

/** The pages that tell how Fairlead comes into a cluster, is used and goes. Their examples are about this namespace. */
const pages = ['README.md', 'docs/guides/quick-start.md', 'docs/operations/installing.md', 'docs/operations/rights.md'];
const namespace = 'shop';

const blocks = blocksOf('sh', 'console').filter(
  ({ page, marks }) => marks.cluster !== undefined && pages.includes(page),
);
const calls = blocks.flatMap((block) =>
  fairleadCallsIn(commandsIn(block)).map((args) => ({ place: placeOf(block), args })),
);
const kubectl = blocks.flatMap((block) => commandsIn(block).match(/^kubectl .*$/gm) ?? []);
const verb = (wanted: string) => calls.filter(({ args }) => args[0] === wanted);

describe.runIf(hasCluster)('the commands of the docs, on a real cluster', () => {
  it('do what their pages say, from the installation to its end', async () => {
    const kubeconfig = process.env.KUBECONFIG ?? '';
    const cluster = await RealCluster.connect();
    try {
      await Installation.none(cluster);
      await using shop = await InstalledShop.open(cluster, namespace);
      await shop.deploy({ name: 'cart', portName: 'http', servicePortName: 'http' });

      for (const { place, args } of verb('install')) await expectDone(place, args, kubeconfig);
      for (const line of kubectl) {
        const [, kind = '', name = '', where = ''] = /^kubectl create (\S+) (\S+) -n (\S+)/.exec(line) ?? [];
        const run = promisify(execFile);
        await run('kubectl', ['delete', kind, name, '-n', where, '--ignore-not-found']);
        await run('bash', ['-c', line]);
      }
      const others = calls.filter(({ args }) => !['install', 'uninstall'].includes(args[0] ?? ''));
      for (const { place, args } of others) await expectDone(place, args, kubeconfig);
      expect(await shop.injected('cart')).toHaveLength(1);
      for (const { place, args } of verb('uninstall')) await expectDone(place, args, kubeconfig);

      expect(await shop.injected('cart')).toHaveLength(0);
    } finally {
      await cluster[Symbol.asyncDispose]();
    }
  }, 400_000);
});

/** Runs a command to its end; one that would go on is ended by Ctrl-C as soon as its intercept is active. */
async function expectDone(place: string, args: readonly string[], kubeconfig: string): Promise<void> {
  const given = args.map((arg) => (arg.startsWith('registry.example/fairlead:') ? image : arg));
  await using command = new RunningCommand(given, kubeconfig);
  const goesOn = args[0] === 'intercept' && !args.includes('--');
  if (goesOn) {
    await command.untilSaid('is active');
    command.stop();
  }
  const { status, stdout, stderr } = await command.ended();
  expect(status, `${place}: ${given.join(' ')}\n${stdout}${stderr}`).toBe(0);
}
