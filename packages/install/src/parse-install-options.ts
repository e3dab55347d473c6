import { FairleadError } from '@fairlead/core';
import * as v from 'valibot';
import { type InstallOptions, installDefaults, type Resources } from './install-options.ts';

const maxProblems = 20;
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const imageName = /^[a-z0-9][\w.:/@-]*$/i;
/** A port base leaves room for the agent ports above it. */
const maxPortBase = 65_000;

const text = v.string('must be a text');
const flag = v.boolean('must be true or false');
const namespace = v.pipe(text, v.regex(dnsLabel, 'is not the name of a namespace'));
const objectName = v.pipe(text, v.maxLength(253, 'is too long'), v.regex(dnsName, 'is not a name'));
const image = v.pipe(text, v.maxLength(512, 'is too long'), v.regex(imageName, 'is not the name of an image'));
const pattern = v.pipe(text, v.regex(/^[^\s,=]{1,256}$/, 'is not the name of a variable, nor names with *'));
const list = <const T extends v.GenericSchema>(item: T): v.ArraySchema<T, string> => v.array(item, 'must be a list');
const texts = v.record(text, text, 'must be an object of texts');
const level = v.picklist(['error', 'warn', 'info', 'debug'], 'must be error, warn, info or debug');
const resources = v.strictObject(
  { requests: v.optional(texts), limits: v.optional(texts) },
  'must have requests, limits',
);
const between = (low: number, high: number): v.GenericSchema<number> => {
  const said = `must be a whole number from ${low} to ${high}`;
  return v.pipe(v.number(said), v.integer(said), v.minValue(low, said), v.maxValue(high, said));
};

const entries = {
  namespace,
  createNamespace: flag,
  namespaces: list(namespace),
  excludedNamespaces: list(namespace),
  image,
  agentImage: v.union([v.literal(''), image], 'is not the name of an image'),
  imagePullPolicy: v.picklist(['Always', 'IfNotPresent', 'Never'], 'must be Always, IfNotPresent or Never'),
  imagePullSecrets: list(objectName),
  replicas: between(1, 9),
  logLevel: level,
  agentLogLevel: level,
  resources,
  agentResources: resources,
  agentInitResources: resources,
  agentPortBase: between(1024, maxPortBase),
  excludedVariables: list(pattern),
  allowedSecretVariables: list(pattern),
  agentConfigMap: objectName,
  rollout: v.picklist(['auto', 'restart', 'none'], 'must be auto, restart or none'),
  leaseSeconds: between(5, 3600),
  aggregateRoles: flag,
  connectGroups: list(v.pipe(text, v.nonEmpty('is empty'))),
  nodeSelector: texts,
  tolerations: list(v.record(text, v.unknown(), 'must be an object')),
} satisfies Record<keyof InstallOptions, v.GenericSchema>;

const schema = v.strictObject(
  Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, v.optional(entry as v.GenericSchema)])),
  ({ expected }) =>
    expected === 'never' ? `is not known, there are ${Object.keys(entries).join(', ')}` : 'must be an object',
);

/** Checks options and fills in the defaults. Fails with `bad-request`, naming every problem. */
export function parseInstallOptions(raw: InstallOptions): Required<InstallOptions> {
  const result = v.safeParse(schema, raw);
  if (!result.success)
    throw refused(result.issues.map((issue) => `${v.getDotPath(issue) ?? 'options'} ${issue.message}`));
  const given = Object.entries(result.output).filter(([, value]) => value !== undefined);
  const resources = overlay(installDefaults.resources, raw.resources ?? {});
  const options: Required<InstallOptions> = { ...installDefaults, ...Object.fromEntries(given), resources };
  const inside = [...options.namespaces, ...options.excludedNamespaces].filter((name) => name === options.namespace);
  if (inside.length > 0) throw refused([`namespaces name ${options.namespace}, which is the traffic-manager's own`]);
  const both = options.namespaces.filter((name) => options.excludedNamespaces.includes(name));
  if (both.length > 0) throw refused([`namespaces and excludedNamespaces both name ${both.join(', ')}`]);
  return options;
}

/** As Helm lays values over those of a chart. */
function overlay(below: Resources, above: Resources): Resources {
  return {
    requests: { ...below.requests, ...above.requests },
    limits: { ...below.limits, ...above.limits },
  };
}

function refused(problems: readonly string[]): FairleadError {
  const shown = problems.slice(0, maxProblems).join('; ');
  return new FairleadError('bad-request', `cannot install so: ${shown}`, { phase: 'input' });
}
