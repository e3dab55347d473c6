import { type AgentHello, ManualClock, type Workload, wireVersion } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { agentVerifier } from './verify-agent.ts';

const cart = { namespace: 'shop', kind: 'Deployment', name: 'cart' } as const;
const bank = { namespace: 'shop', kind: 'Deployment', name: 'bank' } as const;

const verify = agentVerifier({
  identifyPod: async (token) => {
    const [namespace = '', name = '', uid = ''] = token.split('/');
    return uid === '' ? undefined : { namespace, name, uid, serviceAccount: 'default' };
  },
  ownerOf: async ({ name }) => (name === 'lonely' ? undefined : (cart as Workload)),
  isInjectable: (namespace) => namespace !== 'kube-system',
  clock: new ManualClock(),
});

const hello = (more: Partial<AgentHello> = {}): AgentHello => ({
  kind: 'agent',
  v: wireVersion,
  workload: cart,
  pod: { name: 'cart-1', uid: 'u1' },
  configHash: 'h',
  version: '1',
  token: 'shop/cart-1/u1',
  ...more,
});

describe('an agent is believed', () => {
  it('when its token is of the pod that it says, and the pod of the workload that it says', async () => {
    expect(await verify(hello())).toEqual({ ok: true });
  });

  it.each([
    ['whose token proves nothing', { token: 'nonsense' }, 'proves nothing'],
    ['with the token of another pod', { token: 'shop/bank-1/u2' }, 'belongs to pod bank-1'],
    ['with the token of a pod that had its name before', { token: 'shop/cart-1/u0' }, 'belongs to pod cart-1'],
    ['of another namespace', { workload: { ...cart, namespace: 'test' } }, 'in namespace shop'],
    ['that says it is of another workload', { workload: bank }, 'belongs to deployment/cart, not to deployment/bank'],
    ['whose pod stands alone', { pod: { name: 'lonely', uid: 'u' }, token: 'shop/lonely/u' }, 'no workload'],
    ['where none has business', { workload: { ...cart, namespace: 'kube-system' } }, 'business'],
  ])('but not one %s', async (_what, more, reason) => {
    expect(await verify(hello(more))).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });
});
