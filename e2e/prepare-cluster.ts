import { hasCluster, RealCluster } from './k8s-adapter/real-cluster.ts';
import { loadAppImage } from './k8s-adapter/real-shop.ts';
import { Installation, loadImage } from './manager/installation.ts';

/** Loads what the tests run into the cluster before the first of them; takes away what they shared after the last. */
export default async function prepareCluster(): Promise<() => Promise<void>> {
  if (!hasCluster) return async () => {};
  await Promise.all([loadImage(), loadAppImage()]);
  return async () => {
    await using cluster = await RealCluster.connect();
    await Installation.none(cluster);
    await cluster.releaseNamespaces();
  };
}
