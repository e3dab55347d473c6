import { once } from 'node:events';
import { Agent, createServer as createHttpServer, get } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Balancer, type Endpoint } from './balancer.ts';
import { claimLoopback, type Loopback } from './loopback.ts';
import { PodNetwork, type Redirects } from './pod-network.ts';
import { ServiceListener } from './service-listener.ts';

let loopback: Loopback;
let balancer: Balancer;
let listener: ServiceListener;
const servers: Server[] = [];

beforeEach(async () => {
  loopback = await claimLoopback();
  balancer = new Balancer();
  const host = loopback.takeAddress();
  listener = await ServiceListener.open({ host, port: await loopback.takePort(host, 4000, false) }, balancer, 'test');
});

afterEach(async () => {
  await listener[Symbol.asyncDispose]();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  await loopback[Symbol.asyncDispose]();
});

async function serve(server: Server, redirects?: Redirects): Promise<Endpoint> {
  const network = await PodNetwork.open(loopback, 'pod', [7000], redirects);
  servers.push(server);
  server.listen({ ...network.inside(7000) });
  await once(server, 'listening');
  return { network, port: 7000 };
}

function anHttpPod(name: string, answerAfter?: Promise<void>): Promise<Endpoint> {
  const server = createHttpServer(async (_, response) => {
    response.writeHead(200, { 'content-length': name.length });
    response.flushHeaders();
    await answerAfter;
    response.end(name);
  });
  return serve(server);
}

async function ask(agent?: Agent): Promise<string> {
  const request = get({ ...listener.address, agent: agent ?? false });
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

function client(): Socket {
  return connect({ ...listener.address, allowHalfOpen: true });
}

/** What has arrived on the loopback is taken in. */
async function severalTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
}

it('gives each new connection to the next endpoint in turn', async () => {
  balancer.update([await anHttpPod('a'), await anHttpPod('b'), await anHttpPod('c')]);

  const answers = [await ask(), await ask(), await ask(), await ask(), await ask(), await ask()];

  expect(answers.slice(0, 3).sort()).toEqual(['a', 'b', 'c']);
  expect(answers.slice(3)).toEqual(answers.slice(0, 3));
});

it('resets connections when there is no endpoint', async () => {
  await expect(ask()).rejects.toMatchObject({ code: 'ECONNRESET' });
});

it('keeps connections waiting while it is held, and refuses them when that ends without an endpoint', async () => {
  const hold = balancer.hold();
  const answer = ask();
  const endpoint = await anHttpPod('late');
  balancer.update([endpoint]);
  expect(await answer).toBe('late');

  balancer.update([]);
  const refused = expect(ask()).rejects.toMatchObject({ code: 'ECONNRESET' });
  const waiting = once(client(), 'close');
  hold[Symbol.dispose]();
  await refused;
  await waiting.catch((error) => expect(error.code).toBe('ECONNRESET'));
});

it('tries another endpoint when one does not listen', async () => {
  const dead = await PodNetwork.open(loopback, 'dead', [7000]);
  balancer.update([{ network: dead, port: 7000 }, await anHttpPod('alive')]);

  expect(await Promise.all([ask(), ask(), ask()])).toEqual(['alive', 'alive', 'alive']);
});

it('sends traffic for a redirected port to the port of the agent', async () => {
  const network = await PodNetwork.open(loopback, 'pod', [7000, 9900], { TCP: new Map([[7000, 9900]]) });
  const agent = createHttpServer((_, response) => response.end('agent')).listen({ ...network.inside(9900) });
  servers.push(agent);
  await once(agent, 'listening');
  balancer.update([{ network, port: 7000 }]);

  expect(await ask()).toBe('agent');
});

it('passes half-closes on, in both directions', async () => {
  const received: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (chunk) => received.push(String(chunk)));
    socket.on('end', () => socket.end(`after ${received.join('')}`));
  });
  balancer.update([await serve(server)]);

  const socket = client();
  socket.end('question');
  let answer = '';
  for await (const chunk of socket) answer += chunk;

  expect(answer).toBe('after question');
});

it('passes a reset on as a reset', async () => {
  const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  balancer.update([await serve(server)]);

  const socket = client();
  socket.write('x');

  expect(await once(socket, 'error')).toMatchObject([{ code: 'ECONNRESET' }]);
});

it('passes many bytes both ways, unchanged and under back-pressure', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  balancer.update([await serve(server)]);
  const sent = Buffer.alloc(8 * 1024 * 1024);
  for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);

  const socket = client();
  socket.end(sent);
  const received: Buffer[] = [];
  for await (const chunk of socket) received.push(chunk);

  expect(Buffer.concat(received).equals(sent)).toBe(true);
});

it('moves an idle HTTP/1 connection from a retiring pod without the client noticing', async () => {
  const [old, next] = [await anHttpPod('old'), await anHttpPod('new')];
  balancer.update([old]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect(await ask(agent)).toBe('old');
  const socket = Object.values(agent.freeSockets)[0]?.[0];

  balancer.update([next]);
  await old.network.retire();

  expect(await ask(agent)).toBe('new');
  expect(Object.values(agent.freeSockets)[0]?.[0]).toBe(socket);
  agent.destroy();
});

it('lets the exchange under way end before the connection leaves a retiring pod', async () => {
  let answer = (): void => {};
  const old = await anHttpPod('old', new Promise((resolve) => (answer = resolve)));
  const next = await anHttpPod('new');
  balancer.update([old]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const first = ask(agent);
  await once(servers[0] as Server, 'request');

  balancer.update([next]);
  let retired = false;
  const retiring = old.network.retire().then(() => {
    retired = true;
  });
  expect(await ask()).toBe('new');
  expect(retired).toBe(false);

  answer();
  expect(await first).toBe('old');
  await retiring;
  expect(await ask(agent)).toBe('new');
  agent.destroy();
});

it('takes what a client says last to another pod, when its own retires before it has said anything', async () => {
  const answering = (): Server =>
    createServer({ allowHalfOpen: true }, (socket) => {
      let heard = '';
      socket.on('data', (chunk) => {
        heard += chunk;
      });
      socket.on('end', () => socket.end(`after ${heard}`));
      socket.on('error', () => {});
    });
  const old = await serve(answering());
  balancer.update([old]);
  const socket = client();
  await once(servers[0] as Server, 'connection');
  await severalTurns();

  using _hold = balancer.hold();
  balancer.update([]);
  await old.network.retire();
  socket.end('question');
  // The end of the client arrives while nobody is there to be told.
  await once(socket, 'finish');
  await severalTurns();
  balancer.update([await serve(answering())]);
  let answer = '';
  for await (const chunk of socket) answer += chunk;

  expect(answer).toBe('after question');
});

it('leaves a connection of another protocol with its pod until the pod ends', async () => {
  const server = createServer((socket) => socket.on('data', (chunk) => socket.write(chunk)).on('error', () => {}));
  const old = await serve(server);
  balancer.update([old]);
  const socket = client();
  socket.write('\u0001binary');
  await once(socket, 'data');

  balancer.update([]);
  const retiring = old.network.retire();
  socket.write('more');
  expect(String(await once(socket, 'data'))).toBe('more');

  old.network.close();
  await retiring;
  expect(await once(socket, 'error')).toMatchObject([{ code: 'ECONNRESET' }]);
});

it('names the Service when its port cannot be bound', async () => {
  await expect(ServiceListener.open(listener.address, balancer, 'service cart, port 80')).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringMatching(/^service cart, port 80 cannot listen on 127\./),
  });
});
