import { describeAgentConfigStore } from '@fairlead/core/conformance';
import { connectMemory } from '../testing/connect-memory.ts';
import { ConfigMapAgentConfigStore } from './config-map-agent-config-store.ts';

describeAgentConfigStore('ConfigMapAgentConfigStore on an API server in memory', {
  create: async () => {
    const { server, connection, ...made } = await connectMemory();
    return {
      store: new ConfigMapAgentConfigStore(connection),
      claimForAnother: async (namespace) => {
        server.store.add('v1/configmaps', {
          metadata: { name: 'telepresence-agents', namespace, labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
        });
      },
      [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
    };
  },
});
