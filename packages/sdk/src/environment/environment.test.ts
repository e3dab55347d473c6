import { describe, expect, it } from 'vitest';
import { SessionLab } from '../testing/session-lab.ts';

const told = {
  container: 'app',
  variables: { MODE: 'blue', TOKEN_FILE: '/var/run/secrets/sa/token', DATA: '/var/data' },
  withheld: ['PASSWORD'],
  excluded: 2,
  mounts: ['/data', '/etc/app'],
};

async function active() {
  const lab = await SessionLab.start();
  lab.relay.environment = told;
  const session = await lab.connect();
  const intercept = await session.intercept({ workload: 'cart', to: 3000, name: 'price' });
  return { lab, session, intercept, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

describe('intercept.env()', () => {
  it('tells the environment of the intercepted container, with what belongs to the intercept', async () => {
    await using made = await active();

    const environment = await made.intercept.env();

    expect(made.lab.relay.askedEnvironments).toEqual([
      { kind: 'environment', intercept: 'shop/price', container: 'app' },
    ]);
    expect(environment).toEqual({
      ...told,
      pod: 'cart-1',
      variables: {
        ...told.variables,
        FAIRLEAD_CONTAINER: 'app',
        FAIRLEAD_MOUNTS: '/data:/etc/app',
        FAIRLEAD_INTERCEPT_ID: 'shop/price',
        TELEPRESENCE_CONTAINER: 'app',
        TELEPRESENCE_MOUNTS: '/data:/etc/app',
        TELEPRESENCE_INTERCEPT_ID: 'shop/price',
      },
    });
  });

  it('leads what programs prove themselves with below the root of the mounts', async () => {
    await using made = await active();

    const { variables } = await made.intercept.env({ root: '/tmp/cart/' });

    expect(variables).toMatchObject({
      TOKEN_FILE: '/tmp/cart/var/run/secrets/sa/token',
      DATA: '/var/data',
      FAIRLEAD_ROOT: '/tmp/cart/',
      TELEPRESENCE_ROOT: '/tmp/cart/',
    });
  });

  it('asks for another container, or a certain pod', async () => {
    await using made = await active();

    await made.intercept.env({ container: 'web', pod: 'cart-7' });

    expect(made.lab.relay.askedEnvironments).toMatchObject([{ container: 'web', pod: 'cart-7' }]);
  });

  it('waits for an agent while there is none, and gives up in time', async () => {
    await using made = await active();
    const { relay, clock } = made.lab;
    relay.environment = undefined;

    const asking = made.intercept.env();
    await expect.poll(() => relay.askedEnvironments.length).toBe(1);
    relay.environment = told;
    await clock.advance(250);
    expect((await asking).pod).toBe('cart-1');

    relay.environment = undefined;
    const given = made.intercept.env({ timeoutMs: 1_000 }).catch((error: unknown) => error);
    await expect.poll(() => relay.askedEnvironments.length).toBe(3);
    await clock.advance(1_000);
    expect(await given).toMatchObject({ code: 'timeout', cause: { code: 'connection-lost' } });
  });

  it.each([
    ['not-found: this agent has no such port', 'version-skew'],
    ['bad-request: metadata that makes no sense', 'version-skew'],
    ['not-found: this agent knows no container web, it knows app', 'not-found'],
  ])('fails at once where the answer is "%s"', async (refusal, code) => {
    await using made = await active();
    made.lab.relay.environment = undefined;
    made.lab.relay.environmentRefusal = refusal;

    await expect(made.intercept.env()).rejects.toMatchObject({ code });
  });

  it('ends with the signal, and with the intercept', async () => {
    await using made = await active();
    made.lab.relay.environment = undefined;
    const stop = new AbortController();

    const asking = made.intercept.env({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(asking).rejects.toThrow('enough');

    await made.intercept.leave();
    await expect(made.intercept.env()).rejects.toMatchObject({ code: 'closed' });
  });
});
