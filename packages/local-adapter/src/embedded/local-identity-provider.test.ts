import { userInfo } from 'node:os';
import { describeIdentityProvider } from '@fairlead/core/conformance';
import { expect, it } from 'vitest';
import { LocalIdentityProvider } from './local-identity-provider.ts';

const cart = { namespace: 'shop', kind: 'Deployment', name: 'cart' } as const;

describeIdentityProvider('LocalIdentityProvider', {
  create: async () => {
    const provider = new LocalIdentityProvider();
    const { credential, identity } = provider;
    return { provider, credential, identity, allowed: cart, forbidden: cart, async [Symbol.asyncDispose]() {} };
  },
  exempt: { refusal: 'the cluster belongs to its user' },
});

it('is the user of this process', () => {
  expect(new LocalIdentityProvider().identity.user).toBe(userInfo().username);
});
