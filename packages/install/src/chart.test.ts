import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type HookName, hookJob } from './hook-job.ts';
import { installObjects } from './install-objects.ts';
import { type InstallOptions, installDefaults } from './install-options.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { chart, helm, helmIsMissing, renderChart } from './testing/helm.ts';

const everything: InstallOptions = {
  namespace: 'traffic',
  namespaces: ['shop', 'bank'],
  excludedNamespaces: ['vault'],
  image: 'registry.example/fairlead@sha256:0123456789abcdef',
  agentImage: 'registry.example/agent:2',
  imagePullPolicy: 'Never',
  imagePullSecrets: ['pull', 'pull.too'],
  replicas: 2,
  logLevel: 'debug',
  agentLogLevel: 'warn',
  resources: { limits: { cpu: '1', memory: '1Gi' } },
  agentResources: { requests: { cpu: '10m' }, limits: { memory: '64Mi' } },
  agentInitResources: { limits: { memory: '16Mi' } },
  agentPortBase: 19_900,
  excludedVariables: ['AWS_*', 'TOKEN'],
  allowedSecretVariables: ['*'],
  agentConfigMap: 'fairlead-agents',
  rollout: 'restart',
  leaseSeconds: 30,
  aggregateRoles: false,
  connectGroups: ['system:authenticated', 'yes'],
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
};

const optionSets: Readonly<Record<string, InstallOptions>> = {
  'nothing but the defaults': {},
  'every option': everything,
  'the whole cluster but two namespaces': { excludedNamespaces: ['vault', 'bank'], rollout: 'none' },
  'one namespace': { namespace: 'f', namespaces: ['default'], replicas: 3 },
};

/** The namespace is the release's; hooks are marked for Helm. */
function comparable(objects: readonly KubernetesObject[]): ReadonlyMap<string, KubernetesObject> {
  const own = objects.filter(({ kind }) => kind !== 'Namespace').map(withoutHookMarks);
  return new Map(
    own.map((object) => [`${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]),
  );
}

function withoutHookMarks(object: KubernetesObject): KubernetesObject {
  const { annotations = {}, ...metadata } = object.metadata;
  const rest = Object.entries(annotations).filter(([name]) => !name.startsWith('helm.sh/'));
  return { ...object, metadata: { ...metadata, ...(rest.length > 0 && { annotations: Object.fromEntries(rest) }) } };
}

describe.skipIf(helmIsMissing)('the Helm chart', () => {
  it.each(Object.entries(optionSets))('renders the objects of `fairlead install` for %s', async (_name, options) => {
    const { namespace = installDefaults.namespace, ...values } = options;
    const hooks = (['uninstall', 'upgrade'] satisfies HookName[]).map((hook) => hookJob(hook, options));
    const expected = comparable([...installObjects(options), ...hooks]);

    const rendered = comparable(await renderChart(namespace, values));

    expect([...rendered.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, object] of expected) expect(rendered.get(name), name).toEqual(object);
  });

  it('asks to be taken away before it is deleted, and to be brought up to date after an upgrade', async () => {
    const jobs = (await renderChart('fairlead', {})).filter(({ kind }) => kind === 'Job');

    const hooks = jobs.map(({ metadata }) => [metadata.name, metadata.annotations?.['helm.sh/hook']]);
    expect(Object.fromEntries(hooks)).toEqual({
      'fairlead-uninstall': 'pre-delete',
      'fairlead-upgrade': 'post-upgrade',
    });
  });

  it('has the defaults of the options as its values, and a schema that knows each of them', async () => {
    const { namespace: _namespace, createNamespace: _createNamespace, ...defaults } = installDefaults;
    const values = parse(await readFile(join(chart, 'values.yaml'), 'utf8')) as object;
    const schema = JSON.parse(await readFile(join(chart, 'values.schema.json'), 'utf8')) as { properties: object };

    expect(values).toEqual(defaults);
    expect(Object.keys(schema.properties)).toEqual(['global', ...Object.keys(defaults)]);
  });

  it.each([
    ['replicas', 0],
    ['logLevel', 'loud'],
    ['agentPortBase', 80],
    ['image', ''],
    ['namespaces', ['Shop']],
    ['rollout', 'surge'],
    ['colour', 'red'],
  ])('refuses %s: %j, as `fairlead install` does', async (name, value) => {
    await expect(renderChart('fairlead', { [name]: value })).rejects.toThrow(name);
    expect(() => installObjects({ [name]: value })).toThrow(name);
  });

  it('refuses to look after the namespace that it lives in', async () => {
    await expect(renderChart('fairlead', { namespaces: ['fairlead'] })).rejects.toThrow('own');
    expect(() => installObjects({ namespaces: ['fairlead'] })).toThrow('own');
  });

  it('has nothing that helm lint objects to', async () => {
    const report = await helm('lint', '--strict', chart);

    expect(report).toContain('0 chart(s) failed');
    expect(report).not.toMatch(/WARNING|ERROR/);
  });
});
