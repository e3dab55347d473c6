import { describe, expect, it } from 'vitest';
import { type ConnectedServer, connectMemory } from '../testing/connect-memory.ts';
import { answerReviews } from '../testing/reviews.ts';
import { KubernetesIdentityProvider } from './kubernetes-identity-provider.ts';

const token = 'eyJ-of-a-pod';
const identity = { user: 'system:serviceaccount:shop:default', groups: ['system:serviceaccounts'] };
const extra = {
  'authentication.kubernetes.io/pod-name': ['cart-1'],
  'authentication.kubernetes.io/pod-uid': ['uid-of-cart-1'],
};

describe('the identity of a pod', () => {
  it('is what its token is bound to', async () => {
    await using made = await withCaller({ extra });

    expect(await new KubernetesIdentityProvider(made.connection).identifyPod(token)).toEqual({
      namespace: 'shop',
      name: 'cart-1',
      uid: 'uid-of-cart-1',
      serviceAccount: 'default',
    });
  });

  it('is not known by a token that is bound to none, or that is a person’s', async () => {
    await using unbound = await withCaller({});
    await using person = await withCaller({ extra, user: 'ada' });

    expect(await new KubernetesIdentityProvider(unbound.connection).identifyPod(token)).toBeUndefined();
    expect(await new KubernetesIdentityProvider(person.connection).identifyPod(token)).toBeUndefined();
  });

  it('is not known by a token that was made for somebody else', async () => {
    await using made = await withCaller({ extra, audience: 'vault' });

    expect(await new KubernetesIdentityProvider(made.connection).identifyPod(token)).toBeUndefined();
    const forVault = new KubernetesIdentityProvider(made.connection, { audience: 'vault' });
    expect(await forVault.identifyPod(token)).toMatchObject({ name: 'cart-1' });
  });

  it('is not known by a server that does not say for whom the token was made', async () => {
    await using made = await connectMemory();
    const user = { username: identity.user, extra };
    made.server.answer = () => ({ status: 201, body: { status: { authenticated: true, user } } });

    expect(await new KubernetesIdentityProvider(made.connection).identifyPod(token)).toBeUndefined();
  });

  it('is not asked for what cannot be a token', async () => {
    await using made = await withCaller({ extra });
    const provider = new KubernetesIdentityProvider(made.connection);

    expect(await provider.identifyPod('')).toBeUndefined();
    expect(await provider.identifyPod('x'.repeat(100_000))).toBeUndefined();

    expect(made.server.requests).toEqual([]);
  });

  it('cannot be told by a process without the right to ask', async () => {
    await using made = await connectMemory();
    made.server.answer = () => ({ status: 403, body: { kind: 'Status', reason: 'Forbidden', message: 'no' } });

    await expect(new KubernetesIdentityProvider(made.connection).identifyPod(token)).rejects.toMatchObject({
      code: 'forbidden',
      message: 'cannot create tokenreviews.authentication.k8s.io: no',
    });
  });
});

interface Caller {
  readonly user?: string;
  readonly audience?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

async function withCaller({ user = identity.user, audience, extra: more }: Caller): Promise<ConnectedServer> {
  const made = await connectMemory();
  made.server.answer = answerReviews({
    token,
    identity: { ...identity, user },
    mayCreateIn: 'shop',
    ...(audience && { audience }),
    ...(more && { extra: more }),
  });
  return made;
}
