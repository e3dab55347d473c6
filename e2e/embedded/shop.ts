import { fileURLToPath } from 'node:url';

/** The demo's shop: three workloads, one with two containers, one behind a headless Service, one with a numeric port. */
export const shopManifest: string = fileURLToPath(new URL('../../packages/cli/demo/shop.yaml', import.meta.url));
