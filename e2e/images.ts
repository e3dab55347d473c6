import { loadAppImage } from './k8s-adapter/real-shop.ts';
import { loadImage } from './manager/installation.ts';

/** Loads what the tests run into the cluster, once, before the first of them. */
export default async function loadImages(): Promise<void> {
  if (process.env.KUBECONFIG) await Promise.all([loadImage(), loadAppImage()]);
}
