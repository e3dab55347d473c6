import { describeInterceptRegistry } from '@fairlead/core/conformance';
import { connectMemory } from '../testing/connect-memory.ts';
import { CustomResourceInterceptRegistry } from './custom-resource-intercept-registry.ts';

describeInterceptRegistry('CustomResourceInterceptRegistry on an API server in memory', {
  create: async () => {
    const { connection, ...made } = await connectMemory();
    return {
      registry: new CustomResourceInterceptRegistry(connection),
      [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
    };
  },
});
