import { ManualClock } from '@fairlead/core';
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiResources } from './api-resources.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { KubernetesConnection, type KubernetesConnectionOptions } from './kubernetes-connection.ts';
import { ObjectClient } from './object-client.ts';

const server = 'http://api.example';
const podsPath = '/api/v1/namespaces/shop/pods';

describe('a connection', () => {
  beforeEach(() => nock.disableNetConnect());
  afterEach(() => {
    nock.cleanAll();
    nock.enableNetConnect();
  });

  it('waits as long as a busy server asks for, and repeats writes too: they were not begun', async () => {
    const clock = new ManualClock({ settle: turn });
    const { connection } = connect({ clock });
    nock(server).post(podsPath).reply(429, status('TooManyRequests', 'slow down'), { 'retry-after': '7' });
    nock(server)
      .post(podsPath)
      .reply(201, { metadata: { name: 'a' } });

    const creating = pods(connection).create({ metadata: { name: 'a', namespace: 'shop' } });
    await expect.poll(() => clock.pending).toBe(2);
    await clock.advance(6_999);
    expect(nock.pendingMocks()).toHaveLength(1);
    await clock.advance(1);

    expect(await creating).toEqual({ metadata: { name: 'a' } });
  });

  it('says that it was held back when the server stays busy', async () => {
    const { connection } = connect({ retries: 1 });
    nock(server).get(`${podsPath}/a`).times(2).reply(429, status('TooManyRequests', 'slow down'));

    await expect(pods(connection).read({ namespace: 'shop', name: 'a' })).rejects.toMatchObject({
      code: 'unreachable',
      message: 'cannot get pods "a" in namespace shop: slow down',
      hint: expect.stringContaining('overloaded'),
    });
  });

  it('repeats reading when the network fails', async () => {
    const { connection } = connect();
    nock(server)
      .get(`${podsPath}/a`)
      .replyWithError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    nock(server).get(`${podsPath}/a`).reply(503, 'upstream connect error');
    nock(server)
      .get(`${podsPath}/a`)
      .reply(200, { metadata: { name: 'a' } });

    expect(await pods(connection).read({ namespace: 'shop', name: 'a' })).toEqual({ metadata: { name: 'a' } });
  });

  it('does not repeat a write of which nobody knows whether it was done', async () => {
    const { connection } = connect();
    nock(server)
      .post(podsPath)
      .replyWithError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    nock(server).post(podsPath).reply(201, {});

    const creating = pods(connection).create({ metadata: { namespace: 'shop' } });

    await expect(creating).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining(server) });
    expect(nock.pendingMocks()).toHaveLength(1);
  });

  it('asks for fresh credentials once when they are not accepted any more', async () => {
    const { connection, tokens } = connect();
    const ofToken = (token: string) => ({ reqheaders: { authorization: `Bearer ${token}` } });
    nock(server, ofToken('token-1')).get(podsPath).query(true).reply(401, status('Unauthorized', 'Unauthorized'));
    nock(server, ofToken('token-2')).get(podsPath).query(true).reply(200, { items: [], metadata: {} });

    await pods(connection).list('shop');
    expect(tokens()).toBe(2);

    nock(server).get(podsPath).query(true).times(9).reply(401, status('Unauthorized', 'Unauthorized'));
    await expect(pods(connection).list('shop')).rejects.toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining('log in again'),
    });
    expect(nock.pendingMocks()).toHaveLength(1);
  });

  it('ends a request that is not answered in time', async () => {
    const clock = new ManualClock({ settle: turn });
    const { connection } = connect({ clock, requestTimeoutMs: 2_000 });
    nock(server).get(`${podsPath}/a`).delay(60_000).reply(200, {});

    const reading = pods(connection).read({ namespace: 'shop', name: 'a' });
    const ended = expect(reading).rejects.toMatchObject({
      code: 'timeout',
      message: 'cannot get pods "a" in namespace shop: no answer for 2 s',
    });
    await clock.advance(2_000);

    await ended;
    nock.abortPendingRequests();
  });

  it('rejects with the reason of the signal, before and while it asks', async () => {
    const { connection } = connect();
    const reason = new Error('not now');
    nock(server).get(`${podsPath}/a`).delay(60_000).reply(200, {});
    const stop = new AbortController();

    const early = pods(connection).read({ namespace: 'shop', name: 'a' }, { signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toBe(reason);
    const late = pods(connection).read({ namespace: 'shop', name: 'a' }, { signal: stop.signal });
    await turn();
    stop.abort(reason);
    await expect(late).rejects.toBe(reason);
    nock.abortPendingRequests();
  });

  it('fails what is asked of it after it was closed, and may be closed twice', async () => {
    const { connection } = connect();

    await connection[Symbol.asyncDispose]();
    await connection[Symbol.asyncDispose]();

    await expect(pods(connection).list('shop')).rejects.toMatchObject({ code: 'closed' });
  });

  it('quotes what stands between it and the server, but not for ever', async () => {
    const { connection } = connect({ retries: 0 });
    nock(server)
      .get(`${podsPath}/a`)
      .reply(502, `<html>${'x'.repeat(5_000)}</html>`);

    const error = await pods(connection)
      .read({ namespace: 'shop', name: 'a' })
      .catch((thrown: Error) => thrown);

    expect(error).toMatchObject({ code: 'unreachable', message: expect.stringContaining('<html>xxx') });
    expect((error as Error).message.length).toBeLessThan(600);
  });

  it('does not take a success that is no JSON for an answer', async () => {
    const { connection } = connect();
    nock(server).get(`${podsPath}/a`).reply(200, '<html>log in</html>');

    await expect(pods(connection).read({ namespace: 'shop', name: 'a' })).rejects.toMatchObject({
      code: 'unreachable',
    });
  });
});

function pods(connection: KubernetesConnection): ObjectClient<{ metadata: object }> {
  return new ObjectClient(connection, apiResources.pods);
}

/** A connection whose credentials are counted. */
function connect(options: KubernetesConnectionOptions = {}): {
  readonly connection: KubernetesConnection;
  readonly tokens: () => number;
} {
  let granted = 0;
  let present: string | undefined;
  const access: ClusterAccess = {
    server,
    context: 'test',
    namespace: undefined,
    authorize: async () => {
      present ??= `token-${++granted}`;
      return { headers: { authorization: `Bearer ${present}` }, agent: undefined };
    },
    forget: () => {
      present = undefined;
    },
    destroy: () => {},
  };
  return { connection: new KubernetesConnection(access, options), tokens: () => granted };
}

function status(reason: string, message: string): object {
  return { kind: 'Status', reason, message };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
}
