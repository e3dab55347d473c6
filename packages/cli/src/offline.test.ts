import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { runProgram } from './program.ts';
import { captureTerminal } from './testing/captured-terminal.ts';

const manifests = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      annotations: { fairlead.dev/inject-traffic-agent: enabled }
    spec:
      containers:
        - name: web
          image: web:1
          env: [{ name: GREETING, value: hello }]
          ports: [{ name: http, containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /, port: http } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80, targetPort: http }]
---
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: { name: db }
    spec:
      serviceName: db
      selector: { matchLabels: { app: db } }
      template:
        metadata: { labels: { app: db } }
        spec: { containers: [{ name: db, image: db:1 }] }
  - apiVersion: v1
    kind: Service
    metadata: { name: db }
    spec: { clusterIP: None, selector: { app: db }, ports: [{ port: 5432 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: worker }
spec:
  selector: { matchLabels: { app: worker } }
  template:
    metadata: { labels: { app: worker } }
    spec: { containers: [{ name: worker, image: worker:1 }] }
---
apiVersion: batch/v1
kind: Job
metadata: { name: once }
spec: { template: { spec: { containers: [{ name: once, image: once:1 }] } } }
`;

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-'));
  file = join(folder, 'shop.yaml');
  writeFileSync(file, manifests);
});

afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]) {
  const terminal = captureTerminal();
  const status = await runProgram(args, { terminal, signal: new AbortController().signal });
  return { status, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

describe('fairlead plan -f', () => {
  it('plans every workload that a service selects, sorted, as one JSON document', async () => {
    const { status, stdout } = await run('plan', '-f', file, '-o', 'json');

    const { plans } = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(plans.map((plan: { workload: object }) => plan.workload)).toEqual([
      { kind: 'StatefulSet', namespace: 'default', name: 'db' },
      { kind: 'Deployment', namespace: 'default', name: 'web' },
    ]);
    expect(plans[1].config.containers[0].intercepts[0]).toMatchObject({
      containerPort: 8080,
      redirect: 'rename',
      agentPort: 9900,
    });
    expect(plans[0].config.containers[0].intercepts[0]).toMatchObject({
      containerPort: 5432,
      redirect: 'iptables',
      headless: true,
    });
  });

  it('takes the namespace for manifests that name none', async () => {
    const { stdout } = await run('plan', 'deployment/web', '-f', file, '-n', 'shop', '-o', 'yaml');

    expect(parse(stdout).plans[0].workload).toEqual({ kind: 'Deployment', namespace: 'shop', name: 'web' });
  });

  it('exits with 2 for a named workload without a plan, and says why', async () => {
    const { status, stdout } = await run('plan', 'worker', '-f', file, '-o', 'json');

    expect(status).toBe(2);
    expect(JSON.parse(stdout).plans[0]).toMatchObject({ config: null, error: { code: 'no-service' } });
  });

  it('exits with 2 for a workload that is not there, and lists what is', async () => {
    const { status, stderr, stdout } = await run('plan', 'nobody', '-f', file, '-o', 'json');

    expect(status).toBe(2);
    expect(stderr).toContain('workload-not-found');
    expect(stderr).toContain('deployment/web');
    expect(JSON.parse(stdout).error.code).toBe('workload-not-found');
  });

  it('exits with 3 for a broken manifest, and names file, document and field', async () => {
    const broken = join(folder, 'broken.yaml');
    writeFileSync(broken, 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { selector: 5 }\n');

    const { status, stderr } = await run('plan', '-f', broken);

    expect(status).toBe(3);
    expect(stderr).toContain('broken.yaml');
    expect(stderr).toContain('spec.selector');
  });

  it('is a table for people', async () => {
    const { stdout } = await run('plan', '-f', file);

    expect(stdout).toContain('deployment/web');
    expect(stdout).toContain('iptables (NET_ADMIN)');
  });
});

describe('fairlead inject', () => {
  const original = parseAllDocuments(manifests)
    .map((document) => document.toJS())
    .flatMap((object) => (object?.kind === 'List' ? object.items : object ? [object] : []));

  it('keeps the order and changes nothing but pod templates', async () => {
    const { status, stdout } = await run('inject', '-f', file, '-o', 'json');

    const list = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(list).toMatchObject({ apiVersion: 'v1', kind: 'List' });
    expect(list.items).toHaveLength(original.length);
    for (const [index, item] of list.items.entries()) {
      const { template: _now, ...spec } = item.spec;
      const { template: _before, ...specBefore } = original[index].spec;
      expect({ ...item, spec }).toEqual({ ...original[index], spec: specBefore });
    }
    const containers = list.items[0].spec.template.spec.containers.map((container: { name: string }) => container.name);
    expect(containers).toEqual(['web', 'traffic-agent']);
  });

  it('gives back the same when it is applied to its own output', async () => {
    const once = await run('inject', '-f', file);
    const injected = join(folder, 'injected.yaml');
    writeFileSync(injected, once.stdout);

    const twice = await run('inject', '-f', injected);

    expect(twice.stdout).toBe(once.stdout);
  });

  it('passes on what cannot be injected, with a warning', async () => {
    const { stdout, stderr } = await run('inject', '-f', file);

    const documents = parseAllDocuments(stdout).map((document) => document.toJS());
    expect(documents.at(-1)).toEqual(original.at(-1));
    expect(stderr).toMatch(/document 4: .*worker/);
    expect(stderr).toMatch(/document 5: .*Job/);
  });

  it('--only-enabled touches only what is annotated', async () => {
    const { stdout } = await run('inject', '-f', file, '--only-enabled', '-o', 'json');

    const injected = JSON.parse(stdout).items.filter((item: object) => JSON.stringify(item).includes('traffic-agent"'));
    expect(injected.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['web']);
  });
});

describe('fairlead', () => {
  it('exits with 2 on unknown options and commands, and with 0 on --help', async () => {
    expect((await run('plan', '--nonsense')).status).toBe(2);
    expect((await run('nonsense')).status).toBe(2);
    expect((await run('intercept')).status).toBe(2);
    expect((await run('local')).status).toBe(2);
    expect(await run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('intercept') });
  });

  it('says what was meant by a command line that it cannot read, also as the one document', async () => {
    const typo = await run('interecpt', 'cart');
    const option = await run('list', '--nonsense', '--output=json');

    expect(typo).toMatchObject({ status: 2, stderr: expect.stringContaining('Did you mean intercept?') });
    expect(option.status).toBe(2);
    expect(JSON.parse(option.stdout).error).toMatchObject({
      code: 'bad-request',
      message: "unknown option '--nonsense'",
      hint: 'See fairlead list --help.',
    });
  });

  it('prints its version, for people and for programs', async () => {
    expect((await run('version')).stdout).toMatch(/^fairlead \d+\.\d+\.\d+ /);
    expect(JSON.parse((await run('version', '-o', 'json')).stdout)).toMatchObject({ wire: 2 });
  });

  it('says what to do where no cluster can be meant', async () => {
    const { status, stderr } = await run('list', '--kubeconfig', '/nowhere/config');

    expect(status).toBe(3);
    expect(stderr).toContain('--local');
  }, 30_000);
});
