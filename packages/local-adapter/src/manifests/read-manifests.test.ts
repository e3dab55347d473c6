import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FairleadError } from '@fairlead/core';
import { expect, it } from 'vitest';
import { readManifests } from './read-manifests.ts';

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
spec:
  replicas: 2
  selector:
    matchLabels: { app: cart }
  template:
    metadata:
      labels: { app: cart }
    spec:
      containers:
        - name: app
          command: [node, cart.js]
          ports:
            - { name: http, containerPort: 8080 }
`;
const service = `apiVersion: v1
kind: Service
metadata: { name: cart }
spec:
  selector: { app: cart }
  ports:
    - { port: 80, targetPort: http }
`;

async function refusal(...texts: string[]): Promise<string[]> {
  const error: unknown = await readManifests(texts.map((text) => ({ text, name: 'shop.yaml' }))).catch((e) => e);
  expect(error).toBeInstanceOf(FairleadError);
  expect((error as FairleadError).code).toBe('bad-manifest');
  return (error as FairleadError).message.split('\n');
}

it('reads several documents of a text, in order', async () => {
  const set = await readManifests([`# a shop\n---\n${deployment}---\n${service}`], { namespace: 'shop' });

  expect(set.workloads).toMatchObject([
    { namespace: 'shop', kind: 'Deployment', name: 'cart', replicas: 2, updateStrategy: 'RollingUpdate' },
  ]);
  expect(set.workloads[0]?.template.spec.containers[0]?.command).toEqual(['node', 'cart.js']);
  expect(set.services).toMatchObject([{ namespace: 'shop', name: 'cart', ports: [{ port: 80, targetPort: 'http' }] }]);
  expect(set.objects.map((object) => object.value.kind)).toEqual(['Deployment', 'Service']);
  expect(set.objects[0]?.workload).toBe(set.workloads[0]);
  expect(set.warnings).toEqual([]);
});

it('reads the files of a directory in name order, and JSON as well', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'manifests-'));
  try {
    await writeFile(path.join(directory, 'b.yaml'), service);
    await writeFile(path.join(directory, 'a.yml'), deployment);
    await writeFile(path.join(directory, 'c.json'), '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}');
    await writeFile(path.join(directory, 'notes.txt'), 'nothing');

    const set = await readManifests([directory]);

    expect(set.objects.map((object) => path.basename(object.place.file))).toEqual(['a.yml', 'b.yaml', 'c.json']);
    expect(set.objects[0]?.directory).toBe(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('names the path of a file that is not there, and a directory without manifests', async () => {
  await expect(readManifests(['no/such.yaml'])).rejects.toMatchObject({
    code: 'bad-manifest',
    message: expect.stringContaining('no/such.yaml'),
  });
  const directory = await mkdtemp(path.join(tmpdir(), 'manifests-'));
  await expect(readManifests([directory])).rejects.toMatchObject({ message: expect.stringContaining('no .yaml') });
  await rm(directory, { recursive: true });
});

it('takes manifests as objects of the program', async () => {
  const set = await readManifests([
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } },
  ]);

  expect(set.services).toMatchObject([{ name: 'a', ports: [{ port: 80 }] }]);
  expect(set.objects[0]?.place).toEqual({ file: 'manifest 1', document: 1 });
});

it('names file, document, line and field of every problem at once', async () => {
  const lines = await refusal(
    `${deployment.replace('8080', '99999').replace('app: cart }\n    spec', 'app: wrong }\n    spec')}---\n${service.replace('port: 80', 'port: "80"')}`,
  );

  expect(lines).toEqual([
    'shop.yaml, document 1 (Deployment cart), line 17: spec.template.spec.containers[0].ports[0].containerPort: must be a whole number 1 to 65535, is 99999',
    'shop.yaml, document 1 (Deployment cart), line 8: spec.selector.matchLabels.app: wants "cart", but the template says "wrong"',
    'shop.yaml, document 2 (Service cart), line 25: spec.ports[0].port: must be a whole number 1 to 65535, is "80"',
  ]);
});

it('points to the nearest thing written when a field is missing', async () => {
  const lines = await refusal(
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: cart }\nspec:\n  replicas: 1\n',
  );

  expect(lines).toContain('shop.yaml, document 1 (Deployment cart), line 5: spec.template: is missing');
  expect(lines).toContain('shop.yaml, document 1 (Deployment cart), line 5: spec.selector: is missing');
});

it('asks to quote a number in the environment', async () => {
  const lines = await refusal(
    deployment.replace('command: [node, cart.js]', 'command: [node]\n          env: [{ name: PORT, value: 80 }]'),
  );

  expect(lines).toEqual([expect.stringMatching(/line 16: .*env\[0\]\.value: must be a text \(quote it\), is 80$/)]);
});

it('reports what is not YAML with its line and goes on with the other documents', async () => {
  const lines = await refusal(`a: [1\n---\n${service.replace('port: 80', 'port: 0')}`);

  expect(lines[0]).toMatch(/^shop\.yaml, document 1, line \d+: not YAML: /);
  expect(lines[1]).toMatch(/^shop\.yaml, document 2 \(Service cart\), line 9: spec\.ports\[0\]\.port/);
});

it('refuses the same object twice and tells where the other one is', async () => {
  const lines = await refusal(service, service);

  expect(lines).toEqual([
    'shop.yaml, document 1 (Service cart), line 3: metadata.name: is taken: shop.yaml, document 1, line 1 has the same',
  ]);
});

it('lets two kinds, or two namespaces, share a name', async () => {
  const other = service.replace('{ name: cart }', '{ name: cart, namespace: other }');

  expect((await readManifests([deployment, service, other])).services).toHaveLength(2);
});

it('warns of kinds that it does not know, those with a familiar name included', async () => {
  const set = await readManifests([
    'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: cart }\n',
    'apiVersion: batch/v1\nkind: Job\nmetadata: { name: job }\n',
  ]);

  expect(set.services).toEqual([]);
  expect(set.warnings.map((warning) => warning.message)).toEqual([
    'Service (serving.knative.dev/v1) is not used',
    'Job (batch/v1) is not used',
  ]);
  expect(set.objects).toHaveLength(2);
});

it('takes the items of a List as objects', async () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n  - ${service.replaceAll('\n', '\n    ')}`;

  expect((await readManifests([list])).services).toMatchObject([{ name: 'cart' }]);
  expect(await refusal(list.replace('port: 80', 'port: -1'))).toEqual([
    expect.stringContaining('(Service cart), line 10: items[0].spec.ports[0].port'),
  ]);
});

it('leaves out a ReplicaSet that a Deployment owns', async () => {
  const owned = deployment
    .replace('kind: Deployment', 'kind: ReplicaSet')
    .replace('  name: cart', '  name: cart\n  ownerReferences: [{ kind: Deployment, name: cart, controller: true }]');

  const set = await readManifests([owned, deployment]);

  expect(set.workloads.map((workload) => workload.kind)).toEqual(['Deployment']);
  expect(set.warnings).toMatchObject([{ code: 'ignored-object' }]);
});

it('decodes secrets and lets stringData win', async () => {
  const set = await readManifests([
    `apiVersion: v1
kind: Secret
metadata: { name: s }
data: { a: aGVsbG8=, b: aGVsbG8=, c: /w== }
stringData: { b: world }
`,
  ]);

  expect(set.secrets[0]?.data).toEqual({ a: 'hello', b: 'world' });
  expect(set.secrets[0]?.binary).toEqual({ c: Buffer.from([255]) });
});

it('reads file modes as octal numbers, as kubectl does', async () => {
  const text = deployment.replace(
    '      containers:',
    '      volumes: [{ name: v, emptyDir: {}, mode: 0644 }]\n      containers:',
  );

  expect((await readManifests([text])).workloads[0]?.template.spec.volumes?.[0]?.mode).toBe(0o644);
});

it('refuses a small text whose aliases would grow beyond measure', async () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++) {
    const before = String.fromCharCode(96 + level);
    const name = String.fromCharCode(97 + level);
    bomb.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(', ')}]`);
  }

  expect(await refusal(bomb.join('\n'))).toEqual([expect.stringMatching(/alias/i)]);
});

it.each([
  ['spec.template.spec.containers[0].name', '- name: app', '- name: App'],
  ['spec.template.spec.containers[0].ports[0].name', 'name: http', 'name: much-too-long-a-name'],
  ['spec.template.spec.containers[0].command[0]', '[node, cart.js]', '[1]'],
  ['spec.replicas', 'replicas: 2', 'replicas: -1'],
  ['metadata.name', 'name: cart', 'name: Cart_1'],
  ['spec.strategy.type', 'replicas: 2', 'strategy: { type: Rolling }'],
])('checks %s', async (field, from, to) => {
  expect(await refusal(deployment.replace(from, to))).toEqual([expect.stringContaining(` ${field}: must be `)]);
});
