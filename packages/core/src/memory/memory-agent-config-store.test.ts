import { describeAgentConfigStore } from '../conformance/agent-config-store.ts';
import { MemoryAgentConfigStore } from './memory-agent-config-store.ts';

describeAgentConfigStore('MemoryAgentConfigStore', {
  create: async () => {
    const store = new MemoryAgentConfigStore();
    return {
      store,
      claimForAnother: async (namespace) => store.claimForAnother(namespace),
      async [Symbol.asyncDispose]() {},
    };
  },
});
