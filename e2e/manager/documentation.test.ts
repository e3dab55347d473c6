import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { describe, expect, it } from 'vitest';
import { clusterBlocks, expectProofOfEach, linesOf, type Proofs, runLines } from '../docs/cluster-lines.ts';
import { Sandbox } from '../docs/sandbox.ts';
import { hasCluster, RealCluster } from '../k8s-adapter/real-cluster.ts';
import { documentedImage, Installation, loadDocumentedImage } from './installation.ts';
import { InstalledShop } from './installed-shop.ts';

/** The pages' examples are about this namespace. */
const namespace = 'shop';

/** What installs comes first, what uninstalls last, wherever their pages stand. */
const phases = [/fairlead (-- )?install /, /./, /fairlead (-- )?uninstall/];
const blocks = phases.flatMap((_, phase) =>
  clusterBlocks('administrator').filter((block) => {
    const isOf = (pattern = /./): boolean => linesOf(block).some((line) => pattern.test(line));
    return phase === (isOf(phases[0]) ? 0 : isOf(phases[2]) ? 2 : 1);
  }),
);

describe.runIf(hasCluster)('what the docs show to administrators, on a real cluster', () => {
  it('does what the pages say, from the installation to its end', async () => {
    await using cluster = await RealCluster.connect();
    await loadDocumentedImage();
    await Installation.none(cluster);
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http', servicePortName: 'http' });
    await using sandbox = new Sandbox('quick-start', { KUBECONFIG: process.env.KUBECONFIG });
    await sandbox.run(`kubectl delete rolebindings --all -n ${namespace}`);
    const proofs = proofsFor(shop, sandbox);
    expectProofOfEach(blocks, proofs);

    for (const block of blocks) await runLines(sandbox, block, proofs);
  }, 400_000);
});

/** What is true after each line, or while it goes on. */
function proofsFor(shop: InstalledShop, sandbox: Sandbox): Proofs {
  const readManager = () =>
    shop.cluster.objects<Deployed>('deployments').read({ namespace: 'fairlead', name: 'fairlead-manager' });
  const manager = async () => {
    const [container] = (await readManager())?.spec.template.spec.containers ?? [];
    return {
      image: container?.image,
      variables: Object.fromEntries(container?.env.map(({ name, value }) => [name, value ?? '']) ?? []),
    };
  };
  const isInstalled = async (): Promise<void> => expect((await manager()).image).toBe(documentedImage);
  const allows = { FAIRLEAD_ALLOWED_SECRET_VARIABLES: 'DB_*,API_TOKEN' };
  const isGone = async (): Promise<void> => {
    expect(await shop.injected('cart')).toHaveLength(0);
    expect(await readManager()).toBeUndefined();
  };
  const mayAda = async (what: string): Promise<void> => {
    const { output } = await sandbox.run(`kubectl auth can-i ${what} --as=ada`);
    expect(output).toMatch(/^yes$/m);
  };
  const install = `install --image ${documentedImage}`;
  return {
    [`fairlead ${install}`]: isInstalled,
    [`npm run --silent fairlead -- ${install}`]: isInstalled,
    [`fairlead ${install} --allowed-secret-variables 'DB_*,API_TOKEN'`]: async () =>
      expect((await manager()).variables).toMatchObject({ ...allows, FAIRLEAD_EXCLUDED_VARIABLES: '' }),
    "fairlead upgrade --excluded-variables 'AWS_*'": async () =>
      expect((await manager()).variables).toMatchObject({ ...allows, FAIRLEAD_EXCLUDED_VARIABLES: 'AWS_*' }),
    [`fairlead upgrade --image ${documentedImage}`]: isInstalled,
    'kubectl create rolebinding ada -n fairlead --role=fairlead-connect --user=ada': () =>
      mayAda('create pods --subresource=portforward -n fairlead'),
    'kubectl create rolebinding ada -n shop --clusterrole=fairlead-user --user=ada': () =>
      mayAda('create intercepts.fairlead.dev -n shop'),
    'npm run --silent fairlead -- status -n shop': async (output) =>
      expect(output).toContain('ready: nothing stands in the way of an intercept here'),
    'npm run --silent fairlead -- intercept deployment/cart -n shop --port http --header x-user=ada --to 127.0.0.1:8080':
      async () => expect(await shop.injected('cart')).toHaveLength(1),
    'npm run --silent fairlead -- uninstall': isGone,
    'fairlead uninstall': isGone,
  };
}

type Deployed = KubernetesObject & {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly image: string;
          readonly env: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
};
