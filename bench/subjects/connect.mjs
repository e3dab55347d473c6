/** Connects to an embedded cluster with one pod, whose program is there at once, and leaves. */
import { local } from '@fairlead/local-adapter';
import { connect } from '@fairlead/sdk';

const labels = { app: 'app' };
const containers = [{ name: 'app', image: 'app:1', command: ['sleep', '60'] }];
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'app' },
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
};

const session = await connect(local({ manifests: deployment }));
await session[Symbol.asyncDispose]();
