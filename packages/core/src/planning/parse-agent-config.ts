import * as v from 'valibot';
import { FairleadError } from '../errors.ts';
import {
  type AgentConfig,
  type AgentConnection,
  type AgentContainer,
  agentConfigSchemaVersion,
  type Redirect,
} from '../model/agent-config.ts';
import { type WorkloadKind, workloadKinds } from '../model/workload.ts';
import { agentMountPoint, envPrefix } from './container-names.ts';
import { contentHash } from './content-hash.ts';
import { planDefaults } from './plan-options.ts';
import { isPortNumber } from './port-identifier.ts';

const maxProblems = 20;

const said = (value: string): boolean => value !== '';
const text = v.string('wanted a text');
const flag = v.boolean('wanted true or false');
const texts = v.array(text, 'wanted a list of texts');
const nonEmpty = v.pipe(text, v.check(said, 'wanted a text that is not empty'));
const port = v.pipe(v.number('wanted a port number'), v.check(isPortNumber, 'wanted a port number, 1 to 65535'));
const anyPort = v.union([v.literal(0), port], 'wanted a port number, or 0 without a service');
const version = v.pipe(
  v.number('wanted a number'),
  v.integer('wanted a whole number'),
  v.minValue(1, 'wanted 1 or more'),
);
const kind = v.picklist<readonly WorkloadKind[], string>(workloadKinds, `wanted one of ${workloadKinds.join(', ')}`);

/** Other writers leave out what is empty, or write null. */
const connectionSchema = v.looseObject(
  {
    containerPortName: v.nullish(text, ''),
    containerPort: port,
    serviceName: v.nullish(text, ''),
    serviceUID: v.nullish(text, ''),
    servicePortName: v.nullish(text, ''),
    servicePort: v.nullish(anyPort, 0),
    protocol: v.nullish(v.picklist(['TCP', 'UDP'], 'wanted TCP or UDP'), 'TCP'),
    appProtocol: v.nullish(text, ''),
    headless: v.nullish(flag, false),
    targetPortNumeric: v.nullish(flag),
    redirect: v.nullish(v.picklist(['rename', 'iptables'], 'wanted rename or iptables')),
    agentPort: port,
  },
  'wanted a connection',
);

const mountRule = v.picklist(['ignore', 'local', 'remote', 'withheld'], 'wanted ignore, local, remote or withheld');

const containerSchema = v.looseObject(
  {
    name: nonEmpty,
    envPrefix: v.nullish(text),
    mountPoint: v.nullish(text),
    mounts: v.nullish(texts, []),
    mountPolicies: v.nullish(v.record(text, mountRule, 'wanted policies by mount path')),
    intercepts: v.nullish(v.array(connectionSchema, 'wanted a list of connections'), []),
  },
  'wanted a container',
);

const variablesSchema = v.looseObject(
  { excluded: v.nullish(texts, []), allowedSecrets: v.nullish(texts, []) },
  'wanted excluded and allowedSecrets',
);

const configSchema = v.looseObject(
  {
    schemaVersion: v.nullish(version, agentConfigSchemaVersion),
    hash: v.nullish(text, ''),
    manual: v.nullish(flag, false),
    agentName: v.nullish(text),
    agentImage: v.nullish(text, ''),
    namespace: nonEmpty,
    workloadName: nonEmpty,
    workloadKind: kind,
    managerHost: v.nullish(text, ''),
    managerPort: v.nullish(port, 8081),
    logLevel: v.nullish(text, planDefaults.logLevel),
    variables: v.nullish(variablesSchema),
    containers: v.nullish(v.array(containerSchema, 'wanted a list of containers'), []),
  },
  'wanted an agent config',
);

/**
 * Reads an agent config from a store or a file. Only what identifies the workload, and the ports of each connection, must
 * be there; the rest has defaults, so that entries of Telepresence 2.6 and those written by hand are accepted. Fields
 * that this version does not know stay on the objects. An entry without a hash gets that of its content.
 *
 * Fails with `bad-config`, naming every problem with its path, or with `version-skew` for the schema of a newer version.
 */
export function parseAgentConfig(raw: unknown): AgentConfig {
  const result = v.safeParse(configSchema, raw);
  if (!result.success) throw badConfig(result.issues.map(describeIssue));
  const { schemaVersion, hash, manual, agentName, variables, containers, ...rest } = result.output;
  if (schemaVersion > agentConfigSchemaVersion) throw newerSchema(schemaVersion);
  const content = {
    schemaVersion,
    ...(manual && { manual }),
    ...rest,
    agentName: agentName || rest.workloadName,
    ...(variables && { variables }),
    containers: containers.map(completeContainer),
  };
  const problems = describeClashes(content.containers);
  if (problems.length > 0) throw badConfig(problems);
  return { ...content, hash: hash || contentHash(content) };
}

function completeContainer(container: v.InferOutput<typeof containerSchema>, index: number): AgentContainer {
  const { mountPolicies, ...rest } = container;
  return {
    ...rest,
    ...(mountPolicies && { mountPolicies }),
    envPrefix: container.envPrefix ?? envPrefix(index),
    mountPoint: container.mountPoint ?? agentMountPoint(container.name),
    intercepts: container.intercepts.map(completeConnection),
  };
}

function completeConnection(connection: v.InferOutput<typeof connectionSchema>): AgentConnection {
  const targetPortNumeric = connection.targetPortNumeric ?? connection.containerPortName === '';
  const derived: Redirect = targetPortNumeric || connection.headless ? 'iptables' : 'rename';
  return { ...connection, targetPortNumeric, redirect: connection.redirect ?? derived };
}

function describeClashes(containers: readonly AgentContainer[]): readonly string[] {
  const holders = new Map<number, string>();
  return containers.flatMap((container, index) =>
    container.intercepts.flatMap((connection, position) => {
      const path = `containers[${index}].intercepts[${position}]`;
      const port = `${connection.containerPort}/${connection.protocol}`;
      const holder = holders.get(connection.agentPort) ?? port;
      holders.set(connection.agentPort, holder);
      return [
        ...(holder === port
          ? []
          : [`${path}.agentPort: ${connection.agentPort} serves container port ${holder} already`]),
        ...(connection.redirect === 'rename' && connection.containerPortName === ''
          ? [`${path}.redirect: rename needs a containerPortName`]
          : []),
      ];
    }),
  );
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  const problem = issue.input === undefined ? 'is missing' : `${issue.message}, found ${issue.received}`;
  return path ? `${path}: ${problem}` : problem;
}

function badConfig(problems: readonly string[]): FairleadError {
  const shown = problems.slice(0, maxProblems).join('; ');
  const rest = problems.length > maxProblems ? `; and ${problems.length - maxProblems} more` : '';
  return new FairleadError('bad-config', `agent config is not valid: ${shown}${rest}`, { phase: 'store' });
}

function newerSchema(found: number): FairleadError {
  const message = `agent config has schema version ${found}, this version reads up to ${agentConfigSchemaVersion}`;
  return new FairleadError('version-skew', message, { phase: 'store' });
}
