import { describe, expect, it } from 'vitest';
import { describeIdentityProvider } from '../conformance/identity-provider.ts';
import { keyOf, sampleWorkload } from '../conformance/samples.ts';
import { StaticIdentityProvider } from './static-identity-provider.ts';

const ada = { user: 'ada', groups: ['dev'] };
const bob = { user: 'bob', groups: [] };

describeIdentityProvider('StaticIdentityProvider', {
  create: async () => ({
    provider: new StaticIdentityProvider([
      { identity: ada, credential: { type: 'bearer', token: 'secret of ada' }, namespaces: ['shop'] },
      { identity: bob, credential: { type: 'bearer', token: 'secret of bob' } },
    ]),
    credential: { type: 'bearer', token: 'secret of ada' },
    identity: ada,
    allowed: keyOf(sampleWorkload()),
    forbidden: keyOf(sampleWorkload({ namespace: 'bank' })),
    async [Symbol.asyncDispose]() {},
  }),
});

describe('StaticIdentityProvider', () => {
  it('lets a user without a list of namespaces intercept anywhere, and a stranger nowhere', async () => {
    const provider = new StaticIdentityProvider([{ identity: bob, credential: { type: 'local', token: 'x' } }]);
    const workload = keyOf(sampleWorkload());

    expect(await provider.mayIntercept(bob, workload)).toEqual({ allowed: true });
    expect(await provider.mayIntercept(ada, workload)).toMatchObject({ allowed: false });
  });
});
