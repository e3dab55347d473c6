import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type LocalCluster, type LocalClusterAdapter, type LocalOptions, local } from '@fairlead/local-adapter';

/** Answers with its pod's name. */
const script = `require('node:http')
  .createServer((request, response) => request.resume().on('end', () => response.end(process.env.HOSTNAME)))
  .listen(8080)`;

/** Deployment `cart` behind Service `cart`. Without an annotation the first intercept brings the agent. */
export function manifests(replicas = 1, program: string = script): NonNullable<LocalOptions['manifests']> {
  const container = {
    name: 'app',
    image: 'app',
    command: ['node', '-e', program],
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 'http' } },
  };
  const labels = { app: 'cart' };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'cart' },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'cart' },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    },
  ];
}

/** An embedded cluster of one app, started. */
export interface OneApp extends AsyncDisposable {
  readonly adapter: LocalClusterAdapter;
  readonly cluster: LocalCluster;
  /** One request on a connection of its own: the status and the text of the answer, or `cut`. */
  ask(options?: { readonly headers?: Record<string, string>; readonly method?: string }): Promise<string>;
}

/** Starts it. */
export async function startOneApp(replicas = 1, options: Partial<LocalOptions> = {}): Promise<OneApp> {
  const adapter = local({ ...options, manifests: manifests(replicas) });
  const cluster = await adapter.start();
  return {
    adapter,
    cluster,
    ask: ({ headers = {}, method = 'GET' } = {}) =>
      new Promise((resolve) => {
        const sent = request(cluster.url('cart', 'http'), { agent: false, headers, method }, (response) => {
          text(response).then(
            (body) => resolve(response.statusCode === 200 ? body : `${response.statusCode}`),
            () => resolve('cut'),
          );
        });
        sent.on('error', () => resolve('cut'));
        sent.end();
      }),
    [Symbol.asyncDispose]: () => adapter[Symbol.asyncDispose](),
  };
}
