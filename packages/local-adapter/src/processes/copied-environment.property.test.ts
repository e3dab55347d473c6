import { containerEnvironment as toldEnvironment } from '@fairlead/agent-runtime';
import {
  type AgentConfig,
  agentContainerName,
  type Container,
  type EnvFromSource,
  type EnvVar,
  parseAgentConfig,
  type StringMap,
} from '@fairlead/core';
import { applyPatch, mutatePod } from '@fairlead/webhook';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { containerEnvironment } from './container-environment.ts';
import type { PodFacts } from './pod-facts.ts';

const names = ['A', 'B', 'C', 'D', 'X_A', 'X_B'];
const services: StringMap = { DB_SERVICE_HOST: '10.1.0.1', DB_SERVICE_PORT: '5432', DB_PORT: 'tcp://10.1.0.1:5432' };
/** What nobody may see, in every value of the Secret. */
const marker = 'classified';
const data: Readonly<Record<string, StringMap>> = {
  settings: { A: 'set a', B: 'set b' },
  secret: { A: `${marker} a`, C: `${marker} c` },
};

const piece = fc.oneof(
  fc.constantFrom(...names, 'DB_SERVICE_HOST', 'DB_PORT', 'NOBODY').map((name) => `$(${name})`),
  fc.constantFrom('plain', '$$', '$$(A)', '$', '$(', ')', "'", '"', '\n', ' '),
);
const variable: fc.Arbitrary<EnvVar> = fc
  .record({ name: fc.constantFrom(...names, 'URL') })
  .chain(({ name }) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.array(piece, { maxLength: 4 }).map((pieces) => ({ name, value: pieces.join('') })) },
      fc.constantFrom(
        { name, valueFrom: { secretKeyRef: { name: 'secret', key: 'A' } } },
        { name, valueFrom: { secretKeyRef: { name: 'secret', key: 'missing', optional: true } } },
        { name, valueFrom: { configMapKeyRef: { name: 'settings', key: 'B' } } },
      ),
    ),
  );
const source: fc.Arbitrary<EnvFromSource> = fc.constantFrom<EnvFromSource[]>(
  { configMapRef: { name: 'settings' } },
  { secretRef: { name: 'secret' } },
  { prefix: 'X_', configMapRef: { name: 'settings' } },
  { prefix: 'X_', secretRef: { name: 'secret' } },
  { secretRef: { name: 'nobody', optional: true } },
);
const container: fc.Arbitrary<Container> = fc.record({
  name: fc.constant('app'),
  env: fc.array(variable, { maxLength: 6 }),
  envFrom: fc.array(source, { maxLength: 3 }),
  ports: fc.constant([{ name: 'http', containerPort: 8080 }]),
});

const config: AgentConfig = parseAgentConfig({
  namespace: 'shop',
  workloadName: 'cart',
  workloadKind: 'Deployment',
  containers: [{ name: 'app', intercepts: [{ containerPortName: 'http', containerPort: 8080, agentPort: 9900 }] }],
});
const [agentContainer] = config.containers;

const find = async (name: string) =>
  Object.hasOwn(data, name) ? { namespace: 'shop', name, data: data[name] ?? {}, binary: {} } : undefined;
const facts: PodFacts = {
  namespace: 'shop',
  name: 'cart-1',
  uid: 'uid-1',
  ip: '10.0.0.1',
  labels: {},
  annotations: {},
  serviceAccountName: 'default',
  token: 'token',
  configMap: find,
  secret: find,
};

/** What the traffic-agent tells of a container, and what the container has. */
async function both(app: Container, allowedSecrets: readonly string[]) {
  const pod = { metadata: { name: 'cart-1', namespace: 'shop' }, spec: { containers: [app] } };
  const { containers } = applyPatch(pod, mutatePod(pod, config).patch).spec;
  const agent = containers.find(({ name }) => name === agentContainerName) as Container;
  const agentHas = await containerEnvironment(agent, facts, { ...services, PATH: '/agent' });
  if (!agentContainer) throw new Error('the config has no container');
  return {
    appHas: await containerEnvironment(app, facts, services),
    told: toldEnvironment(agentContainer, agentHas, { excluded: [], allowedSecrets }),
  };
}

it('an app and its traffic-agent have the same environment, references and all', async () => {
  await fc.assert(
    fc.asyncProperty(container, async (app) => {
      const { appHas, told } = await both(app, ['*']);

      expect(told.variables).toEqual(appHas);
      expect(told.withheld).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it('no value of a Secret leaves the pod unless it is allowed, whatever it is made into', async () => {
  await fc.assert(
    fc.asyncProperty(container, async (app) => {
      const { appHas, told } = await both(app, []);

      expect(JSON.stringify(told)).not.toContain(marker);
      expect([...Object.keys(told.variables), ...told.withheld].sort()).toEqual(Object.keys(appHas).sort());
    }),
    { numRuns: 300 },
  );
});
