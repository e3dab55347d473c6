import { describeIdentityProvider } from '@fairlead/core/conformance';
import { connectMemory } from '../testing/connect-memory.ts';
import { answerReviews } from '../testing/reviews.ts';
import { KubernetesIdentityProvider } from './kubernetes-identity-provider.ts';

describeIdentityProvider('KubernetesIdentityProvider on an API server in memory', {
  create: async () => {
    const { server, connection, ...made } = await connectMemory();
    const identity = { user: 'ada', groups: ['developers', 'system:authenticated'] };
    server.answer = answerReviews({ token: 'eyJ-good', identity, mayCreateIn: 'shop' });
    return {
      provider: new KubernetesIdentityProvider(connection),
      credential: { type: 'bearer', token: 'eyJ-good' },
      identity,
      allowed: { namespace: 'shop', kind: 'Deployment', name: 'cart' },
      forbidden: { namespace: 'bank', kind: 'Deployment', name: 'cart' },
      [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
    };
  },
});
