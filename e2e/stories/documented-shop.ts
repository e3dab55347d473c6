import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { untilReachable } from '../k8s-adapter/reachable.ts';
import { appImage } from '../k8s-adapter/real-shop.ts';
import type { InstalledShop } from '../manager/installed-shop.ts';

/** Where the app of `names` listens; its Service leads there from 53. */
const namesPort = 5300;

/** Has files of known size in /data, then serves its name. */
const cart = `
  import { writeFileSync } from 'node:fs';
  import { hostname } from 'node:os';
  import { createServer } from 'node:http';
  writeFileSync('/data/model.bin', Buffer.alloc(200_000, 7));
  createServer((_, response) => response.end(hostname())).listen(8080);
`;

/** Answers datagrams with its name. Serves, so that one can tell when it does. */
const names = `
  import { createSocket } from 'node:dgram';
  import { createServer } from 'node:http';
  import { hostname } from 'node:os';
  const socket = createSocket('udp4');
  socket.on('message', (_, from) => socket.send(hostname(), from.port, from.address));
  socket.bind(${namesPort});
  createServer((_, response) => response.end(hostname())).listen(${namesPort});
`;

/** The workloads that the guides are about: `cart`, with containers for traffic and stock, and `names`. Waits until they serve. */
export async function deployDocumentedShop(shop: InstalledShop): Promise<void> {
  const { cluster, namespace } = shop;
  const settings = { metadata: { namespace, name: 'settings' }, data: { 'app.yaml': 'who: cart\n' } };
  await cluster.objects('configMaps').create(settings as KubernetesObject);
  await make(shop, 'cart', {
    ports: [{ name: 'http', port: 80, targetPort: 'http' }],
    containers: [
      container('web', cart, {
        ports: [{ name: 'http', containerPort: 8080 }],
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        env: [
          { name: 'COLOUR', value: 'blue' },
          { name: 'TEXT', value: '"second" $HOME' },
        ],
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'settings', mountPath: '/etc/app' },
        ],
      }),
      container('stock', 'setInterval(() => {}, 60_000)', {
        ports: [{ name: 'stock', containerPort: 8081 }],
        env: [{ name: 'COLOUR', value: 'green' }],
      }),
    ],
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'settings', configMap: { name: 'settings' } },
    ],
  });
  await make(shop, 'names', {
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP', targetPort: 'dns' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 'dns-tcp' },
    ],
    containers: [
      container('names', names, {
        ports: [
          { name: 'dns', containerPort: namesPort, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: namesPort, protocol: 'TCP' },
        ],
        readinessProbe: { tcpSocket: { port: namesPort }, periodSeconds: 1 },
      }),
    ],
  });
  for (const [name, port] of [
    ['cart', 80],
    ['names', 53],
  ] as const) {
    await cluster.until(async () => ((await shop.serving(name)).length === 1 ? true : undefined));
    await untilReachable(cluster, new URL(await shop.url(name)).hostname, port);
  }
}

/** A Service leads to the stock of `cart` as well. Other pages have a cart of one port, so that none has to be named. */
export async function leadToStock({ cluster, namespace }: InstalledShop): Promise<AsyncDisposable> {
  const metadata = { namespace, name: 'stock' };
  const spec = { selector: { app: 'cart' }, ports: [{ name: 'stock', port: 80, targetPort: 'stock' }] };
  await cluster.objects('services').create({ metadata, spec } as KubernetesObject);
  return { [Symbol.asyncDispose]: async () => void (await cluster.objects('services').delete(metadata)) };
}

function container(name: string, script: string, more: object): object {
  const command = [process.execPath, '--input-type=module', '-e', script];
  return { name, image: appImage, imagePullPolicy: 'IfNotPresent', command, ...more };
}

/** A Deployment of one pod, behind a Service. */
async function make(
  { cluster, namespace }: InstalledShop,
  name: string,
  {
    ports,
    ...pod
  }: {
    readonly ports: readonly object[];
    readonly containers: readonly object[];
    readonly volumes?: readonly object[];
  },
): Promise<void> {
  const metadata = { namespace, name };
  const labels = { app: name };
  await cluster.objects('services').create({ metadata, spec: { selector: labels, ports } } as KubernetesObject);
  const template = { metadata: { labels }, spec: { ...pod, terminationGracePeriodSeconds: 1 } };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  await cluster.objects('deployments').create({ metadata, spec } as KubernetesObject);
}
