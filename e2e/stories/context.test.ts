import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../k8s-adapter/load.ts';
import { untilReachable } from '../k8s-adapter/reachable.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { appImage } from '../k8s-adapter/real-shop.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { fairlead, RunningCommand } from './command.ts';
import { Person } from './person.ts';

const namespace = 'fairlead-e2e-context';
const localPort = 38_417;
/** Answers with what it has in its environment. Ends with a status of its own. */
const server = `
  import { createServer } from 'node:http';
  createServer((_, response) => response.end(JSON.stringify(process.env))).listen(process.env.PORT, '127.0.0.1', () => console.error('serving'));
  process.on('SIGINT', () => process.exit(22));
`;

let installation: Installation;
let shop: InstalledShop;
let ada: Person;
let url: string;
let folder: string;

/** A pod of two containers, each with a port and an environment of its own. */
function duo(): readonly (readonly ['configMaps' | 'secrets' | 'services' | 'deployments', KubernetesObject])[] {
  const metadata = { namespace, name: 'duo' };
  const labels = { app: 'duo' };
  const secretKey = (name: string, key: string) => ({ name, valueFrom: { secretKeyRef: { name: 'duo', key } } });
  const container = { image: appImage, imagePullPolicy: 'IfNotPresent' };
  const containers = [
    {
      ...container,
      name: 'front',
      ports: [{ name: 'http', containerPort: 8080 }],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      envFrom: [{ configMapRef: { name: 'duo' } }, { prefix: 'KEY_', secretRef: { name: 'duo' } }],
      env: [
        { name: 'ROLE', value: 'front of $(COLOUR), not $(NOBODY)' },
        secretKey('DB_PASSWORD', 'PASSWORD'),
        { name: 'DB_URL', value: 'db://duo:$(DB_PASSWORD)@db' },
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
    },
    {
      ...container,
      name: 'back',
      ports: [{ name: 'admin', containerPort: 8081 }],
      env: [{ name: 'PORTS', value: '8081' }, { name: 'ROLE', value: 'back' }, secretKey('OWN_TOKEN', 'TOKEN')],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
  ];
  const annotations = { 'fairlead.dev/allowed-secret-variables': '*_TOKEN' };
  const spec = { containers, volumes: [{ name: 'data', emptyDir: {} }], terminationGracePeriodSeconds: 5 };
  return [
    ['configMaps', { metadata, data: { COLOUR: 'blue', TEXT: 'first line\n"second" $HOME\n' } } as KubernetesObject],
    [
      'secrets',
      { metadata, stringData: { PASSWORD: 'classified-password', TOKEN: 'classified-token' } } as KubernetesObject,
    ],
    [
      'services',
      {
        metadata,
        spec: {
          selector: labels,
          ports: [
            { name: 'http', port: 80, targetPort: 'http' },
            { name: 'admin', port: 81, targetPort: 'admin' },
          ],
        },
      } as KubernetesObject,
    ],
    [
      'deployments',
      {
        metadata,
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: { metadata: { labels, annotations }, spec },
        },
      } as KubernetesObject,
    ],
  ];
}

/** What a command wrote with `--env-json`, and what it said. */
async function environmentOf(...args: readonly string[]) {
  const file = join(folder, 'env.json');
  await using held = new RunningCommand(
    ['intercept', 'duo', ...args, '--to', '127.0.0.1:9', '--env-json', file],
    ada.kubeconfig,
  );
  await held.untilSaid('Ctrl-C');
  held.stop();
  const { status, stderr } = await held.ended();
  expect(status, stderr).toBe(0);
  return { variables: JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>, stderr };
}

describe.runIf(hasCluster)('the environment of a pod', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-e2e-'));
    installation = await Installation.shared();
    shop = await InstalledShop.open(installation.cluster, namespace);
    for (const [resource, object] of duo()) {
      const objects = installation.cluster.objects(resource);
      await objects.delete({ namespace, name: 'duo' });
      await objects.create(object);
    }
    ada = await Person.make(installation.cluster, { namespace, name: 'ada' });
    await installation.cluster.until(async () => ((await shop.serving('duo')).length === 2 ? true : undefined));
    url = await shop.url('duo');
    await untilReachable(installation.cluster, new URL(url).hostname);
  });
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]();
    await installation?.cluster.objects('secrets').delete({ namespace, name: 'duo' });
    await shop?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is that of each container, and what comes from Secrets stays there unless it is allowed', async () => {
    const front = await environmentOf('--port', 'http');
    const back = await environmentOf('--port', 'admin');
    const other = await environmentOf('--port', 'http', '--env-container', 'back');

    expect(front.variables).toMatchObject({
      COLOUR: 'blue',
      TEXT: 'first line\n"second" $HOME\n',
      ROLE: 'front of blue, not $(NOBODY)',
      KEY_TOKEN: 'classified-token',
      POD: expect.stringMatching(/^duo-/),
      DUO_SERVICE_PORT: '80',
      KUBERNETES_SERVICE_HOST: expect.any(String),
      FAIRLEAD_CONTAINER: 'front',
    });
    expect(front.stderr).toContain('3 from Secrets withheld: DB_PASSWORD, DB_URL, KEY_PASSWORD');
    for (const name of ['DB_PASSWORD', 'DB_URL', 'KEY_PASSWORD', 'PATH', 'HOSTNAME', 'NODE_VERSION']) {
      expect(front.variables).not.toHaveProperty(name);
    }
    expect(JSON.stringify(front)).not.toContain('classified-password');
    expect(back.variables).toMatchObject({ ROLE: 'back', OWN_TOKEN: 'classified-token', FAIRLEAD_CONTAINER: 'back' });
    expect(back.variables.FAIRLEAD_MOUNTS?.split(':')).toContain('/data');
    expect(back.variables).not.toHaveProperty('COLOUR');
    expect(other.variables).toMatchObject({ ROLE: 'back', FAIRLEAD_CONTAINER: 'back' });
  });

  it("goes to a program that answers the cluster's traffic, whose signal and status are the command's", async () => {
    const args = [
      'intercept',
      'duo',
      '--port',
      `http:${localPort}`,
      '--',
      process.execPath,
      '--input-type=module',
      '-e',
    ];
    await using held = new RunningCommand([...args, server], ada.kubeconfig);
    await held.untilSaid('serving');

    const seen = JSON.parse(await ask(url)) as Record<string, string>;
    held.stop();

    expect(seen).toMatchObject({ COLOUR: 'blue', PORT: String(localPort), PATH: process.env.PATH });
    expect(seen).not.toHaveProperty('DB_PASSWORD');
    expect(await held.ended()).toMatchObject({ status: 22 });
    expect(await ask(url)).toMatch(/^duo-/);
  });

  it('leaves nothing held when the command is killed: everything is back within the lease', async () => {
    const args = [
      'intercept',
      'duo',
      '--port',
      `http:${localPort}`,
      '--',
      process.execPath,
      '--input-type=module',
      '-e',
    ];
    const held = new RunningCommand([...args, server], ada.kubeconfig);
    await held.untilSaid('serving');
    held.stop('SIGKILL');

    await installation.cluster.until(async () => ((await ask(url)).startsWith('duo-') ? true : undefined), 15_000);
    await installation.cluster.until(async () => {
      const { stdout } = await fairlead(ada.kubeconfig, 'list', '-o', 'json');
      return stdout.includes('"phase"') ? undefined : true;
    }, 30_000);
    await held.ended();
    const again = await environmentOf('--port', 'http');
    expect(again.variables).toMatchObject({ COLOUR: 'blue' });
  });
});
