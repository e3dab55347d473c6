import { hasCluster, RealCluster } from './k8s-adapter/real-cluster.ts';
import { loadAppImage } from './k8s-adapter/real-shop.ts';
import { Installation, loadImage } from './manager/installation.ts';

/** Loads what the tests run into the cluster before the first of them; takes away what they shared after the last. */
export default async function prepareCluster(): Promise<() => Promise<void>> {
  if (!hasCluster) return async () => {};
  // One after the other: the second would touch the files that the first one packs.
  await loadImage();
  await loadAppImage();
  return async () => {
    await using cluster = await RealCluster.connect();
    await Installation.none(cluster);
    await cluster.releaseNamespaces();
  };
}
