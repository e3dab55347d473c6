import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type AgentAssignment, decodeSftpReply, encodeSftpRequest, TapFrameDecoder } from '@fairlead/core';
import { expect, it } from 'vitest';
import type { AgentSettings } from './settings/agent-settings.ts';
import { aConfig, aConnection, freePort, linked } from './testing/an-agent.ts';
import { HttpParty, RawParty } from './testing/http-party.ts';
import { exclusive, personal } from './testing/proxied.ts';
import { get, RawClient } from './testing/raw-client.ts';
import { ScriptedRelay } from './testing/scripted-relay.ts';
import { UdpCaller, UdpParty } from './testing/udp-party.ts';
import { until } from './testing/until.ts';

const ada = 'X-User: ada';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine';

function assignment(epoch: number, agentPort: number, routes = personal('shop/one', 'ada')): AgentAssignment {
  return { epoch, ports: [{ agentPort, protocol: 'TCP', ...routes }] };
}

it('introduces itself to the manager', async () => {
  await using made = await linked();

  const { hello } = await made.relay.link();

  expect(hello).toEqual({
    kind: 'agent',
    v: 2,
    workload: { namespace: 'shop', kind: 'Deployment', name: 'cart' },
    pod: { name: 'cart-1', uid: 'uid-1' },
    configHash: 'hash-1',
    version: '0.0.0',
    token: 'secret',
  });
});

it('diverts what it is assigned from the moment that it acknowledges', async () => {
  await using made = await linked();

  expect(await made.relay.assign(assignment(1, made.agentPort))).toEqual({ type: 'ack', epoch: 1 });
  using client = await made.connect();
  client.send(get('/1', ada));
  const { metadata, accept } = await made.relay.stream(0);
  const stream = accept();
  stream.on('data', () => stream.write(ok));

  expect((await client.answer()).body).toBe('mine');
  expect((await client.ask(get('/2'))).body).toBe('app GET /2');
  expect(metadata).toMatchObject({
    kind: 'divert',
    intercept: 'shop/one',
    containerPort: made.app.port,
    protocol: 'http1',
  });
});

it('gives back what a later assignment does not name', async () => {
  await using made = await linked();
  await made.relay.assign(assignment(1, made.agentPort, exclusive('shop/one')));

  await made.relay.assign({ epoch: 2, ports: [] });

  using client = await made.connect();
  expect((await client.ask(get('/1'))).body).toBe('app GET /1');
});

it.each([
  ['not-found', { agentPort: 1, protocol: 'TCP' as const, ...personal('shop/two', 'bob') }],
  ['not-found', { agentPort: 1, protocol: 'UDP' as const, ...exclusive('shop/two') }],
])('says %s to an assignment that it cannot serve, and serves the one before', async (code, port) => {
  await using made = await linked();
  await made.relay.assign(assignment(1, made.agentPort));

  const answer = await made.relay.assign({ epoch: 2, ports: [port] });

  expect(answer).toMatchObject({ type: 'nack', epoch: 2, error: { code } });
  using client = await made.connect();
  client.send(get('/1', ada));
  expect((await made.relay.stream(0)).metadata).toMatchObject({ intercept: 'shop/one' });
});

it('lets the app answer what the manager refuses', async () => {
  await using made = await linked();
  await made.relay.assign(assignment(1, made.agentPort));
  using client = await made.connect();
  client.send(get('/1', ada));

  const { refuse } = await made.relay.stream(0);
  refuse('gone', 'no session');

  expect((await client.answer()).body).toBe('app GET /1');
});

it('passes everything to the app while there is no manager, and links when one comes', async () => {
  const port = await freePort();
  await using app = await HttpParty.start('app');
  const agentPort = await freePort();
  await using made = await linked({ config: aConfig(port, [aConnection(agentPort, app.port)]) });
  using client = await RawClient.connect(agentPort);
  expect((await client.ask(get('/1', ada))).body).toBe('app GET /1');

  await using relay = await ScriptedRelay.start(port);

  expect(await relay.assign(assignment(1, agentPort))).toMatchObject({ type: 'ack' });
  expect(made.logger.lines.some(({ message }) => message.startsWith('no way to the relay'))).toBe(true);
});

it('gives everything back to the app when it loses the manager, and asks with a fresh token for what to do', async () => {
  let tokens = 0;
  await using made = await linked({ readToken: async () => `token ${++tokens}` });
  await made.relay.assign(assignment(1, made.agentPort));
  using client = await made.connect();
  client.send(get('/1', ada));
  (await made.relay.stream(0)).accept();

  made.relay.links[0]?.socket.destroy();

  expect((await client.answer()).body).toBe('app GET /1');
  expect((await client.ask(get('/2', ada))).body).toBe('app GET /2');
  const { hello } = await made.relay.link(1);
  expect(hello.token).toBe('token 2');
  await made.relay.assign(assignment(1, made.agentPort), 1);
  client.send(get('/3', ada));
  (await made.relay.stream(0, 1)).accept().write(ok);
  expect((await client.answer()).body).toBe('mine');
});

it('cuts a diverted connection when it loses the manager', async () => {
  await using made = await linked();
  await made.relay.assign(assignment(1, made.agentPort, exclusive('shop/one')));
  using client = await made.connect();
  client.send('hello');
  const stream = (await made.relay.stream(0)).accept();
  stream.write('welcome');
  await client.take(7);

  made.relay.links[0]?.socket.destroy();

  expect(await client.ended()).toBe('reset');
});

it('keeps asking a manager that does not let it in', async () => {
  await using made = await linked();
  made.relay.isLettingIn = false;
  made.relay.links[0]?.socket.destroy();
  await until(() => made.relay.links.length > 2, 'it asks again');
  using client = await made.connect();
  expect((await client.ask(get('/1', ada))).body).toBe('app GET /1');

  made.relay.isLettingIn = true;

  await until(() => made.relay.links.some(({ control }, index) => index > 1 && control !== undefined), 'it is let in');
});

it.each([
  ['a line that is not JSON', 'hello\n'],
  ['a message of an unknown kind', '{"type":"dance"}\n'],
  ['a line without end', 'x'.repeat(5 << 20)],
])('leaves a manager that sends %s, and comes back', async (_what, line) => {
  await using made = await linked();
  const { control } = await made.relay.link();

  control.write(line);

  await made.relay.link(1);
});

it('lets sessions speak to the app, to its own ports only', async () => {
  await using made = await linked();
  const { tunnel } = await made.relay.link();
  const open = (containerPort: number) =>
    tunnel.open(Buffer.from(JSON.stringify({ kind: 'passthrough', intercept: 'shop/one', agent: '', containerPort })));

  const stream = open(made.app.port);
  let received = '';
  stream.on('error', () => {});
  stream.on('data', (bytes: Buffer) => (received += bytes.toString('latin1')));
  stream.write(get('/real', 'Connection: close'));
  await until(() => received.endsWith('app GET /real'), 'the app answers');
  await until(() => stream.readableEnded, 'the end of the app is passed on');

  const other = open(made.agentPort);
  other.on('error', () => {});
  await expect(other.accepted).rejects.toThrow(/not-found/);
  const nonsense = tunnel.open(Buffer.from('{"kind":"tap"}'));
  nonsense.on('error', () => {});
  await expect(nonsense.accepted).rejects.toThrow(/refused/);
});

it('passes the resets of a passthrough on, both ways', async () => {
  let fate = '';
  await using app = await RawParty.start((socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => (fate = error.code ?? ''));
    socket.on('data', (bytes) => bytes.includes('reset') && socket.resetAndDestroy());
  });
  await using relay = await ScriptedRelay.start();
  const config = aConfig(relay.port, [aConnection(await freePort(), app.port)]);
  await using _made = await linked({ config });
  const { tunnel } = await relay.link();
  const metadata = { kind: 'passthrough', intercept: 'shop/one', agent: '', containerPort: app.port };
  const open = () => tunnel.open(Buffer.from(JSON.stringify(metadata)));

  const mine = open();
  await mine.accepted;
  await until(() => app.sockets.length === 1, 'the app is reached');
  mine.destroy();
  await until(() => fate === 'ECONNRESET', 'the app sees a reset');

  const theirs = open();
  const lost = new Promise<Error>((resolve) => theirs.once('error', resolve));
  theirs.write('reset');
  expect((await lost).message).toContain('the app closed the connection');
});

it('refuses a passthrough when no app is there', async () => {
  await using relay = await ScriptedRelay.start();
  const appPort = await freePort();
  await using _made = await linked({ config: aConfig(relay.port, [aConnection(await freePort(), appPort)]) });
  const { tunnel } = await relay.link();
  const metadata = { kind: 'passthrough', intercept: 'shop/one', agent: '', containerPort: appPort };

  const stream = tunnel.open(Buffer.from(JSON.stringify(metadata)));
  stream.on('error', () => {});

  await expect(stream.accepted).rejects.toThrow(/target-unreachable/);
});

it('tells the environment of a container that it knows, within what the pod allows at that moment', async () => {
  let annotations: Readonly<Record<string, string>> = {};
  await using made = await linked({
    environment: {
      _TEL_AGENT_VARIABLE_ORIGINS: '{"A_":{"secrets":["KEY"],"composed":{}}}',
      _TEL_APP_A_MODE: 'blue',
      _TEL_APP_A_KEY: 'k',
    },
    readAnnotations: async () => annotations,
  });
  const { tunnel } = await made.relay.link();
  const ask = async (container: string): Promise<unknown> => {
    const metadata = { kind: 'environment', intercept: 'shop/one', container };
    const stream = tunnel.open(Buffer.from(JSON.stringify(metadata)));
    stream.on('error', () => {});
    await stream.accepted;
    stream.end();
    return JSON.parse(await text(stream));
  };

  expect(await ask('app')).toMatchObject({ variables: { MODE: 'blue' }, withheld: ['KEY'] });
  annotations = { 'fairlead.dev/allowed-secret-variables': 'K*' };
  expect(await ask('app')).toMatchObject({ variables: { MODE: 'blue', KEY: 'k' }, withheld: [] });
  await expect(ask('other')).rejects.toThrow(/not-found: this agent knows no container other, it knows app/);
});

it('tells nothing when it cannot see what the pod excludes', async () => {
  await using made = await linked({
    environment: { _TEL_APP_A_MODE: 'blue' },
    readAnnotations: () => Promise.reject(new Error('no such file')),
  });
  const { tunnel } = await made.relay.link();

  const metadata = { kind: 'environment', intercept: 'shop/one', container: 'app' };
  const stream = tunnel.open(Buffer.from(JSON.stringify(metadata)));
  stream.on('error', () => {});

  await expect(stream.accepted).rejects.toThrow(/cannot be told: .*no such file/);
});

it('shares the files of its containers, and of no others', async () => {
  await using made = await linked();
  const { tunnel } = await made.relay.link();
  const open = (container: string) => {
    const stream = tunnel.open(Buffer.from(JSON.stringify({ kind: 'files', intercept: 'shop/one', container })));
    return stream.on('error', () => {});
  };

  const stream = open('app');
  stream.write(encodeSftpRequest({ type: 'init', version: 3 }));
  const [hello] = await once(stream, 'data');

  expect(decodeSftpReply(hello.subarray(4))).toMatchObject({ type: 'version', version: 3 });
  await expect(open('another').accepted).rejects.toThrow(/not-found: this agent knows no container another/);
});

it('copies traffic through the tunnel to a wiretap', async () => {
  await using made = await linked();
  const wiretap: AgentAssignment = {
    epoch: 1,
    ports: [{ agentPort: made.agentPort, protocol: 'TCP', intercepts: [], wiretaps: [{ id: 'shop/ear' }] }],
  };
  await made.relay.assign(wiretap);
  using client = await made.connect();
  await client.ask(get('/1'));

  const { metadata, accept } = await made.relay.stream(0);
  const decoder = new TapFrameDecoder();
  let heard = '';
  accept().on('data', (bytes: Buffer) => {
    for (const frame of decoder.decode(bytes)) heard += 'bytes' in frame ? Buffer.from(frame.bytes).toString() : '';
  });

  await until(() => heard.includes('app GET /1'), 'the copy has the answer');
  expect(heard.startsWith(get('/1'))).toBe(true);
  expect(metadata).toMatchObject({
    kind: 'tap',
    intercept: 'shop/ear',
    containerPort: made.app.port,
    protocol: 'http1',
  });
});

it('serves one number for TCP and for UDP, and lets the app answer datagrams when the manager is gone', async () => {
  await using app = await HttpParty.start('app');
  await using names = await UdpParty.start('app', '127.0.0.1', app.port);
  const [tcp, udp] = [await freePort(), await freePort()];
  await using relay = await ScriptedRelay.start();
  const connections = [aConnection(tcp, app.port), aConnection(udp, names.port, 'UDP')];
  await using _made = await linked({ config: aConfig(relay.port, connections) });
  using caller = new UdpCaller(udp);
  using client = await RawClient.connect(tcp);
  expect([await caller.ask('1'), (await client.ask(get('/1'))).body]).toEqual(['app: 1', 'app GET /1']);

  const matched = { agentPort: udp, protocol: 'UDP' as const, ...personal('shop/one', 'ada') };
  expect(await relay.assign({ epoch: 1, ports: [matched] })).toMatchObject({
    type: 'nack',
    error: { code: 'unsupported' },
  });
  const all = { agentPort: udp, protocol: 'UDP' as const, ...exclusive('shop/one') };
  expect(await relay.assign({ epoch: 2, ports: [all] })).toEqual({ type: 'ack', epoch: 2 });
  await caller.send('2');
  const { metadata, accept } = await relay.stream(0);
  const stream = accept();
  const [frame] = await once(stream, 'data');
  stream.write(frame);
  expect(await caller.next()).toBe('2');
  expect(metadata).toMatchObject({ intercept: 'shop/one', containerPort: names.port, protocol: 'udp' });

  await caller.send('3');
  await once(stream, 'data');
  stream.on('error', () => {});
  await relay[Symbol.asyncDispose]();

  expect(await caller.next()).toBe('app: 3');
  expect(await caller.ask('4')).toBe('app: 4');
  expect(names.received).toEqual(['1', '3', '4']);
});

it('fails with port-taken, and leaves nothing open', async () => {
  await using app = await HttpParty.start('app');
  const [free, taken] = [await freePort(), app.port];
  const config = aConfig(1, [aConnection(free, app.port), aConnection(taken, app.port + 1)]);

  await expect(linked({ config })).rejects.toMatchObject({ code: 'port-taken' });

  await using made = await linked({ config: aConfig(1, [aConnection(free, app.port)]) });
  expect(made.agent).toBeDefined();
});

it('listens on all addresses in a pod of its own', async () => {
  await using app = await HttpParty.start('app');
  const port = await freePort();
  const pod: AgentSettings['pod'] = { name: 'cart-1', uid: 'uid-1', ip: '192.0.2.1' };

  await using _made = await linked({ pod, config: aConfig(1, [aConnection(port, app.port)]), appHost: '127.0.0.1' });
  using client = await RawClient.connect(port);

  expect((await client.ask(get('/1'))).body).toBe('app GET /1');
});

it('tells whoever waits what came and did not match, and looks at nothing while nobody waits', async () => {
  await using made = await linked();
  await made.relay.assign(assignment(1, made.agentPort));
  const { tunnel } = await made.relay.link();
  using client = await made.connect();
  await client.ask(get('/before'));
  const wait = tunnel.open(Buffer.from(JSON.stringify({ kind: 'misses', intercept: 'shop/one' })));
  wait.on('error', () => {});
  await wait.accepted;
  await client.ask(get('/after', 'X-User: bob', 'Authorization: Bearer hush'));
  await client.ask(get('/probe', 'User-Agent: kube-probe/1.30'));

  wait.write(`${JSON.stringify({ type: 'report', id: 3 })}\n`);
  const [line] = (await once(wait, 'data')) as [Buffer];
  wait.destroy();

  expect(line.toString()).not.toContain('hush');
  expect(JSON.parse(line.toString())).toMatchObject({
    type: 'report',
    id: 3,
    counts: {
      seen: 1,
      missed: 1,
      nearest: [{ method: 'GET', path: '/after', lines: ['header x-user: wanted ada, got bob'] }],
    },
  });
});
