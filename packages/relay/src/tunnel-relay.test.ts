import { once } from 'node:events';
import { connect } from 'node:net';
import { type DivertStream, type FleetEvent, wireVersion } from '@fairlead/core';
import type { TunnelStream } from '@fairlead/tunnel';
import { describe, expect, it } from 'vitest';
import { CallServer } from './call-server.ts';
import { listenRelay } from './listen-relay.ts';
import { agentHello, RelayFixture, sessionHello } from './testing/fixtures.ts';
import { FakeAgent, type FakePeer } from './testing/peers.ts';

/** Waits for the next stream that the relay opens at a peer. */
async function offered(peer: FakePeer) {
  await expect.poll(() => peer.offered.length).toBeGreaterThan(0);
  return peer.offered.shift() as FakePeer['offered'][number];
}

/** Accepts the next stream that the relay opens at a peer. */
async function accepted(peer: FakePeer) {
  const { metadata, incoming } = await offered(peer);
  const stream = incoming.accept();
  stream.on('error', () => {});
  return { metadata, stream };
}

async function read(stream: TunnelStream, bytes: number): Promise<string> {
  let got = '';
  while (got.length < bytes) {
    const chunk = stream.read() as Buffer | null;
    if (chunk) got += chunk.toString();
    else await once(stream, 'readable');
  }
  return got;
}

/** Agent and session with one intercept, and a joined stream between them. */
async function joined(fixture: RelayFixture) {
  fixture.own('shop/price');
  const agent = await fixture.agent();
  const session = await fixture.session();
  const near = agent.divert('shop/price');
  const { metadata, stream: far } = await accepted(session);
  await near.accepted;
  return { agent, session, near, far, metadata };
}

function eventsOf(fixture: RelayFixture): FleetEvent[] {
  const events: FleetEvent[] = [];
  void (async () => {
    for await (const event of fixture.relay.watch()) events.push(event);
  })();
  return events;
}

describe('TunnelRelay: hello', () => {
  it('refuses an agent whose token does not prove its pod, and logs no secret', async () => {
    await using fixture = new RelayFixture();
    const agent = await fixture.dialAgent();

    await expect(agent.introduce(agentHello({ token: 'stolen' }))).rejects.toThrow(/forbidden: wrong token/);

    expect(fixture.relay.agents()).toEqual([]);
    expect(fixture.logger.lines).toMatchObject([{ level: 'warn', fields: { pod: 'cart-1', reason: 'wrong token' } }]);
    expect(JSON.stringify(fixture.logger.lines)).not.toContain('stolen');
  });

  it('refuses a session that the composer does not want', async () => {
    await using fixture = new RelayFixture({ verifySession: ({ id }) => ({ ok: false, reason: `${id} was revoked` }) });
    const session = await fixture.dialSession();

    await expect(session.introduce(sessionHello())).rejects.toThrow(/forbidden: s1 was revoked/);

    expect(JSON.stringify(fixture.logger.lines)).not.toContain('session-secret');
  });

  it.each(['agent', 'session'] as const)('refuses an %s of another protocol version', async (kind) => {
    await using fixture = new RelayFixture();
    const peer = await fixture.dialAgent();
    const v = wireVersion + 1;

    await expect(peer.introduce(kind === 'agent' ? agentHello({ v }) : sessionHello({ v }))).rejects.toThrow(
      /version-skew/,
    );
  });

  it('refuses every other stream before the hello, and metadata that makes no sense', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const peer = await fixture.dialAgent();

    await expect(peer.divert('shop/price').accepted).rejects.toThrow(/hello first/);

    const other = await fixture.dialAgent();
    const nonsense = other.tunnel.open(Buffer.from('{"kind":"agent"}'));
    nonsense.on('error', () => {});
    await expect(nonsense.accepted).rejects.toThrow(/makes no sense/);
  });

  it('does not serve a peer whose hello was refused, whatever it says next', async () => {
    await using fixture = new RelayFixture();
    const agent = await fixture.dialAgent();
    await expect(agent.introduce(agentHello({ token: 'stolen' }))).rejects.toThrow();

    await expect(agent.introduce(agentHello())).rejects.toThrow(/not been let in/);
  });

  it('looks at one hello of a peer only', async () => {
    let admit: ((verdict: { ok: true }) => void) | undefined;
    await using fixture = new RelayFixture({
      verifyAgent: () =>
        new Promise((resolve) => {
          admit = resolve;
        }),
    });
    const agent = await fixture.dialAgent();
    const first = agent.introduce(agentHello());
    await expect.poll(() => admit).toBeDefined();

    await expect(agent.introduce(agentHello({ pod: { name: 'other', uid: 'other' } }))).rejects.toThrow(
      /not been let in/,
    );
    admit?.({ ok: true });
    await first;

    expect(fixture.relay.agents().map(({ pod }) => pod.name)).toEqual(['cart-1']);
  });

  it('closes a connection that does not say hello in time', async () => {
    await using fixture = new RelayFixture();
    const peer = await fixture.dialAgent();
    await peer.tunnel.ready;

    await fixture.clock.advance(10_000);

    expect(await peer.tunnel.closed).toMatchObject({ remote: true });
  });

  it('takes only so many peers that have not said who they are', async () => {
    await using fixture = new RelayFixture({ maxUnidentified: 2 });
    await fixture.dialAgent();
    await fixture.agent();
    await fixture.dialAgent();
    const turnedAway = await fixture.dialAgent();

    expect(await turnedAway.tunnel.closed).toMatchObject({ code: 'transport-lost' });
    expect(fixture.relay.agents()).toHaveLength(1);
  });

  it('lets the newest connection of a pod win, and the cleanup of the old one takes nothing away', async () => {
    await using fixture = new RelayFixture();
    const events = eventsOf(fixture);
    const old = await fixture.agent();
    const [first] = fixture.relay.agents();
    const young = await fixture.agent();
    await old.tunnel.closed;
    const [second, ...others] = fixture.relay.agents();

    expect(others).toEqual([]);
    expect(second?.id).not.toBe(first?.id);
    await expect
      .poll(() => events.map((event) => event.type))
      .toEqual(['agent-arrived', 'agent-gone', 'agent-arrived']);
    await fixture.relay.assign(second?.id ?? '', { epoch: 1, ports: [] });
    expect(young.assignments).toHaveLength(1);
  });

  it('lets the newest connection of a session win, without calling the session lost', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const events = eventsOf(fixture);
    const agent = await fixture.agent();
    const old = await fixture.session();
    const young = await fixture.session();
    await old.tunnel.closed;

    agent.divert('shop/price');

    await offered(young);
    expect(old.told.at(-1)).toEqual({ type: 'ended', reason: 'replaced' });
    expect(fixture.relay.sessions()).toHaveLength(1);
    expect(events.map((event) => event.type)).not.toContain('session-lost');
  });

  it('does not take one for another because it knows the id', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const events = eventsOf(fixture);
    const agent = await fixture.agent();
    const owner = await fixture.session();
    const impostor = await fixture.session({ key: 'guessed' });

    impostor.say({ type: 'bye' });
    await expect.poll(() => events.filter(({ type }) => type === 'session-left')).toHaveLength(1);
    await impostor.disconnect();
    agent.divert('shop/price');

    await offered(owner);
    expect(impostor.offered).toEqual([]);
    const [left] = events.filter((event) => event.type === 'session-left');
    expect(left).not.toMatchObject({ fingerprint: fixture.owners.get('shop/price')?.fingerprint });
  });
});

describe('TunnelRelay: streams', () => {
  it('joins a diverted connection with the session that owns the intercept, and says itself from whom it is', async () => {
    await using fixture = new RelayFixture();
    const { near, far, metadata } = await joined(fixture);

    near.write('question');
    expect(await read(far, 8)).toBe('question');
    far.write('answer');
    expect(await read(near, 6)).toBe('answer');
    near.end();
    far.resume();
    await once(far, 'end');
    far.end('bye');
    expect(await read(near, 3)).toBe('bye');

    const [agent] = fixture.relay.agents();
    expect(metadata).toMatchObject({ kind: 'divert', intercept: 'shop/price', agent: agent?.id, pod: 'cart-1' });
  });

  it('carries diverted datagrams, and no copies of them', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();
    const session = await fixture.session();

    agent.divert('shop/price', { protocol: 'udp' });
    const { metadata } = await accepted(session);

    expect(metadata).toMatchObject({ kind: 'divert', protocol: 'udp' });
    const tap = { kind: 'tap', protocol: 'udp' } as unknown as Partial<DivertStream>;
    await expect(agent.divert('shop/price', tap).accepted).rejects.toThrow(/makes no sense/);
  });

  it('accepts only when the session has accepted, so that bytes can still be replayed', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();
    const session = await fixture.session();
    const near = agent.divert('shop/price');
    let isAccepted = false;
    void near.accepted.then(() => {
      isAccepted = true;
    });
    near.write('early');
    const { incoming } = await offered(session);
    expect(isAccepted).toBe(false);

    const far = incoming.accept();
    far.on('error', () => {});

    await near.accepted;
    expect(await read(far, 5)).toBe('early');
  });

  it('passes a refusal of the session on with its reason', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();
    const session = await fixture.session();
    const near = agent.divert('shop/price');
    (await offered(session)).incoming.refuse('busy', 'target-unreachable: nobody listens');

    await expect(near.accepted).rejects.toMatchObject({ reason: 'busy', message: /nobody listens/ });
  });

  it('refuses when the session is not connected, so that the app answers', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();

    await expect(agent.divert('shop/price').accepted).rejects.toMatchObject({ code: 'stream-refused', reason: 'gone' });
  });

  it('passes a reset on in either direction', async () => {
    await using fixture = new RelayFixture();
    const { near, far } = await joined(fixture);
    near.reset('cancelled');
    const [error] = (await once(far, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'stream-reset', reason: 'cancelled' });
  });

  it('ends what runs between them when one side goes away', async () => {
    await using fixture = new RelayFixture();
    const { near, session } = await joined(fixture);

    const failure = once(near, 'error');
    await session.disconnect();

    expect((await failure)[0]).toMatchObject({ code: 'stream-reset' });
    await expect.poll(() => fixture.relay.sessions()).toEqual([]);
  });

  it('fails the streams of one of four tunnels that dies, and no others (case 27)', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const session = await fixture.session();
    const pods = ['1', '2', '3', '4'].map((number) => ({ name: `cart-${number}`, uid: `uid-${number}` }));
    const agents = await Promise.all(pods.map((pod) => fixture.agent({ pod })));
    const streams = agents.map((agent) => agent.divert('shop/price'));
    await expect.poll(() => session.offered.length).toBe(4);
    for (const { incoming } of session.offered) {
      const far = incoming.accept();
      far.on('error', () => {});
      far.pipe(far);
    }
    await Promise.all(streams.map((stream) => stream.accepted));
    const [doomed, ...others] = streams as [TunnelStream, ...TunnelStream[]];

    const failure = once(doomed, 'error');
    await agents[0]?.disconnect();

    expect((await failure)[0]).toBeInstanceOf(Error);
    for (const stream of others) stream.write('still here');
    expect(await Promise.all(others.map((stream) => read(stream, 10)))).toEqual(Array(3).fill('still here'));
    const connected = (): string[] => fixture.relay.agents().map(({ pod }) => pod.name);
    await expect.poll(connected).toHaveLength(3);
    expect(connected()).not.toContain('cart-1');
  });

  it('cancels at the session when the agent gives up before the answer', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();
    const session = await fixture.session();
    const near = agent.divert('shop/price');
    const { incoming } = await offered(session);
    const { signal } = incoming;

    near.reset('cancelled');

    await expect.poll(() => signal.aborted).toBe(true);
  });

  it('does not let an agent reach intercepts of another workload', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const session = await fixture.session();
    const agent = await fixture.agent({
      workload: { namespace: 'shop', kind: 'Deployment', name: 'orders' },
      pod: { name: 'orders-1', uid: 'uid-2' },
    });

    await expect(agent.divert('shop/price').accepted).rejects.toThrow(/forbidden/);

    expect(session.offered).toEqual([]);
    expect(fixture.logger.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: 'stream denied',
        fields: expect.objectContaining({ pod: 'orders-1' }),
      }),
    );
  });

  it('refuses intercepts that nobody has, also when finding out fails', async () => {
    await using fixture = new RelayFixture({
      interceptOwner: (id) => {
        if (id === 'broken') throw new Error('registry down');
        return undefined;
      },
    });
    const agent = await fixture.agent();

    await expect(agent.divert('shop/none').accepted).rejects.toThrow(/not-found/);
    await expect(agent.divert('broken').accepted).rejects.toThrow(/not-found/);
  });

  it('refuses a session the streams that are only for agents, and the other way round', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();
    const session = await fixture.session();
    const [{ id } = { id: '' }] = fixture.relay.agents();
    const ask = { kind: 'passthrough', intercept: 'shop/price', agent: id, containerPort: 8080 } as const;

    await expect(agent.open(ask).accepted).rejects.toThrow(/not for this peer/);
    await expect(FakeAgent.prototype.divert.call(session, 'shop/price').accepted).rejects.toThrow(/not for this peer/);
  });

  it('does not let a slow session stop the other streams of an agent (case 21)', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/slow', { id: 'slow' });
    fixture.own('shop/quick', { id: 'quick' });
    const agent = await fixture.agent();
    const slow = await fixture.session({ id: 'slow' });
    const quick = await fixture.session({ id: 'quick' });
    const toSlow = agent.divert('shop/slow');
    await accepted(slow);
    await toSlow.accepted;
    // Far more than the windows of both hops hold, and nobody reads.
    let isTaken = true;
    for (let written = 0; written < 64; written++) isTaken = toSlow.write(Buffer.alloc(256 * 1024));
    expect(isTaken).toBe(false);

    const toQuick = agent.divert('shop/quick');
    const { stream: far } = await accepted(quick);
    toQuick.write('through');

    expect(await read(far, 7)).toBe('through');
  });
});

describe('TunnelRelay: passthrough', () => {
  const asking = (agent: string) =>
    ({ kind: 'passthrough', intercept: 'shop/price', agent, containerPort: 8080 }) as const;

  it('joins the owner of an intercept with the app behind the agent', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();
    const session = await fixture.session();
    const [{ id } = { id: '' }] = fixture.relay.agents();

    const near = session.open(asking(id));
    const { metadata, stream: far } = await accepted(agent);
    far.write('from the app');

    expect(metadata).toEqual(asking(id));
    expect(await read(near, 12)).toBe('from the app');
  });

  it('is refused to everybody else', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();
    const other = await fixture.session({ id: 's2', key: 'other-secret' });
    const sameId = await fixture.session({ key: 'other-secret' });
    const [{ id } = { id: '' }] = fixture.relay.agents();

    await expect(other.open(asking(id)).accepted).rejects.toThrow(/forbidden/);
    await expect(sameId.open(asking(id)).accepted).rejects.toThrow(/forbidden/);
    expect(agent.offered).toEqual([]);
  });

  it('stays a right of whom a stream was diverted to, until that stream ends, though the intercept is over', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();
    const session = await fixture.session();
    const other = await fixture.session({ id: 's2', key: 'other-secret' });
    const [{ id } = { id: '' }] = fixture.relay.agents();
    const near = agent.divert('shop/price');
    const { stream } = await accepted(session);

    fixture.owners.clear();
    const asked = session.open(asking(id));
    await accepted(agent);
    await asked.accepted;
    await expect(other.open(asking(id)).accepted).rejects.toThrow(/forbidden/);
    for (const one of [near, stream]) one.destroy();

    await expect.poll(() => session.open(asking(id)).accepted.then(() => 'joined', String)).toContain('not-found');
  });

  it('is refused when the agent is gone, or is of another workload', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    await fixture.agent({
      workload: { namespace: 'shop', kind: 'Deployment', name: 'orders' },
      pod: { name: 'orders-1', uid: 'uid-2' },
    });
    const session = await fixture.session();
    const [{ id } = { id: '' }] = fixture.relay.agents();

    await expect(session.open(asking('gone')).accepted).rejects.toMatchObject({ reason: 'gone' });
    await expect(session.open(asking(id)).accepted).rejects.toThrow(/forbidden/);
  });
});

describe.each(['environment', 'files'] as const)('TunnelRelay: %s', (kind) => {
  const asking = { kind, intercept: 'shop/price', container: 'app' } as const;

  it('joins the owner of an intercept with the newest agent of the workload, and says first which one it is', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const older = await fixture.agent();
    const newer = await fixture.agent({ pod: { name: 'cart-2', uid: 'uid-2' } });
    await fixture.agent({
      workload: { namespace: 'shop', kind: 'Deployment', name: 'till' },
      pod: { name: 'till-1', uid: 'uid-3' },
    });
    const session = await fixture.session();
    const { id } = fixture.relay.agents().find(({ pod }) => pod.name === 'cart-2') ?? { id: '' };

    const near = session.open(asking);
    const { metadata, stream: far } = await accepted(newer);
    far.write('bytes');
    near.write('back');

    const said = `${JSON.stringify({ type: 'agent', agent: id, pod: 'cart-2' })}\n`;
    expect(metadata).toEqual({ ...asking, agent: id });
    expect(await read(near, said.length + 5)).toBe(`${said}bytes`);
    expect(await read(far, 4)).toBe('back');
    expect(older.offered).toEqual([]);
  });

  it('asks the agent, or the pod, that is named', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const first = await fixture.agent();
    await fixture.agent({ pod: { name: 'cart-2', uid: 'uid-2' } });
    const session = await fixture.session();
    const [{ id } = { id: '' }] = fixture.relay.agents();

    session.open({ ...asking, agent: id });
    await accepted(first);
    session.open({ ...asking, pod: 'cart-1' });
    await accepted(first);

    await expect(session.open({ ...asking, pod: 'cart-9' }).accepted).rejects.toThrow(/connection-lost/);
  });

  it('is refused to everybody else, and to agents of other workloads', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    fixture.own('shop/other', { workload: 'till' });
    const agent = await fixture.agent();
    const session = await fixture.session();
    const other = await fixture.session({ id: 's2', key: 'other-secret' });
    const sameId = await fixture.session({ key: 'other-secret' });
    const [{ id } = { id: '' }] = fixture.relay.agents();

    await expect(other.open(asking).accepted).rejects.toThrow(/forbidden/);
    await expect(sameId.open({ ...asking, agent: id }).accepted).rejects.toThrow(/forbidden/);
    await expect(session.open({ ...asking, intercept: 'shop/none' }).accepted).rejects.toThrow(/not-found/);
    await expect(session.open({ ...asking, intercept: 'shop/other' }).accepted).rejects.toThrow(/connection-lost/);
    await expect(session.open({ ...asking, intercept: 'shop/other', agent: id }).accepted).rejects.toThrow(/forbidden/);
    await expect(agent.open(asking).accepted).rejects.toThrow(/not for this peer/);
    expect(agent.offered).toEqual([]);
  });

  it('passes a refusal of the agent on in its words', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();
    const session = await fixture.session();

    const near = session.open(asking);
    (await offered(agent)).incoming.refuse('refused', 'unsupported: not this agent');

    await expect(near.accepted).rejects.toThrow(/unsupported: not this agent/);
  });
});

describe('TunnelRelay: sessions', () => {
  it('tells a session its lease, and the fleet that it was seen', async () => {
    await using fixture = new RelayFixture({ leaseMs: 9_000 });
    const session = await fixture.session();

    await expect.poll(() => session.told).toEqual([{ type: 'welcome', leaseMs: 9_000, relay: expect.any(String) }]);
  });

  it('sends no traffic to a session that has said goodbye', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const agent = await fixture.agent();
    const session = await fixture.session();
    session.say({ type: 'bye' });
    await expect.poll(() => fixture.relay.sessions()).toEqual([]);

    await expect(agent.divert('shop/price').accepted).rejects.toMatchObject({ reason: 'gone' });
    expect(session.offered).toEqual([]);
  });

  it('drops a peer that does not keep to the control stream', async () => {
    await using fixture = new RelayFixture();
    const session = await fixture.dialSession();
    const control = await session.introduce(sessionHello());

    control.write('this is no JSON\n');

    expect(await session.tunnel.closed).toMatchObject({ remote: true });
  });

  it('gives call streams to whoever answers calls, together with the session', async () => {
    const server = new CallServer({ whoAmI: async (_, { session }) => session.id });
    await using fixture = new RelayFixture({
      calls: (method, stream, session) => void server.serve(method, stream, session),
    });
    const session = await fixture.session();
    const stream = session.open({ kind: 'call', method: 'whoAmI' });
    stream.write('{"args":null}\n');

    expect(await read(stream, 5)).toBe('{"type":"value","value":"s1"}\n');
  });

  it('refuses calls when nobody answers them', async () => {
    await using fixture = new RelayFixture();
    const session = await fixture.session();

    await expect(session.open({ kind: 'call', method: 'x' }).accepted).rejects.toThrow(/unsupported/);
  });
});

describe('TunnelRelay: end', () => {
  it('tells sessions, closes every tunnel and takes no more', async () => {
    await using fixture = new RelayFixture();
    const session = await fixture.session();
    const agent = await fixture.agent();

    await fixture.relay[Symbol.asyncDispose]();
    await fixture.relay[Symbol.asyncDispose]();

    await Promise.all([session.tunnel.closed, agent.tunnel.closed]);
    expect(session.told.at(-1)).toEqual({ type: 'ended', reason: 'shutdown' });
    expect(await (await fixture.dialAgent()).tunnel.closed).toBeDefined();
    expect(fixture.clock.pending).toBe(0);
  });

  it('counts what it does', async () => {
    await using fixture = new RelayFixture();
    await joined(fixture);

    expect(fixture.metrics.value('fairlead_relay_streams_total', { kind: 'divert', result: 'joined' })).toBe(1);
    expect(fixture.metrics.value('fairlead_relay_agents')).toBe(1);
    expect(fixture.metrics.value('fairlead_relay_sessions')).toBe(1);
  });
});

describe('listenRelay', () => {
  it('hands connections of a TCP port to the relay', async () => {
    await using fixture = new RelayFixture();
    await using listener = await listenRelay(fixture.relay, { port: 0 });
    const agent = new FakeAgent(connect(listener.port ?? 0, '127.0.0.1'));

    await agent.join(agentHello());

    expect(fixture.relay.agents()).toHaveLength(1);
    await agent.tunnel.close();
  });

  it('listens on a unix socket, and says so when an address is taken', async () => {
    await using fixture = new RelayFixture();
    const path = `/tmp/fairlead-relay-test-${process.pid}.sock`;
    await using listener = await listenRelay(fixture.relay, { path });
    expect(listener.port).toBeUndefined();
    const agent = new FakeAgent(connect(path));
    await agent.join(agentHello());

    await expect(listenRelay(fixture.relay, { path })).rejects.toMatchObject({ code: 'port-taken' });
    await agent.tunnel.close();
  });
});
