import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkDatagramBound } from '../processes/datagram-bound.ts';
import { Balancer, type Endpoint } from './balancer.ts';
import { DatagramListener } from './datagram-listener.ts';
import { claimLoopback, type Loopback } from './loopback.ts';
import { PodNetwork, type Redirects } from './pod-network.ts';

let loopback: Loopback;
let balancer: Balancer;
let listener: DatagramListener;
const sockets: Socket[] = [];

beforeEach(async () => {
  loopback = await claimLoopback();
  balancer = new Balancer();
  listener = await DatagramListener.open({ host: loopback.takeAddress(), port: 4000 }, balancer, 'test');
});

afterEach(async () => {
  await listener[Symbol.asyncDispose]();
  for (const socket of sockets.splice(0)) socket.close();
  await loopback[Symbol.asyncDispose]();
});

/** A pod that answers with its name; while `held` is there it collects its answers instead. */
async function aPod(name: string, held?: (() => void)[], redirects?: Redirects): Promise<Endpoint> {
  const network = await PodNetwork.open(loopback, name, [7000, 9900], redirects);
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (datagram, from) => {
    const answer = (): void => socket.send(`${name} ${String(datagram)}`, from.port, from.address);
    if (held) held.push(answer);
    else answer();
  });
  socket.bind(network.outside(7000, 'UDP').port, network.host);
  await once(socket, 'listening');
  return { network, port: 7000 };
}

function aCaller() {
  const socket = createSocket('udp4');
  sockets.push(socket);
  const send = (text: string): void => socket.send(text, listener.address.port, listener.address.host);
  return {
    send,
    next: async (): Promise<string> => String((await once(socket, 'message'))[0]),
    ask: async (text: string): Promise<string> => {
      send(text);
      return String((await once(socket, 'message'))[0]);
    },
  };
}

it('gives each new caller to the next endpoint in turn, and all of its datagrams', async () => {
  balancer.update([await aPod('a'), await aPod('b')]);
  const [one, two] = [aCaller(), aCaller()];

  const answers = [await one.ask('1'), await two.ask('2'), await one.ask('3'), await two.ask('4')];

  expect(answers.map((answer) => answer.slice(2))).toEqual(['1', '2', '3', '4']);
  const [first, second, ...rest] = answers.map((answer) => answer[0]);
  expect(first).not.toBe(second);
  expect(rest).toEqual([first, second]);
});

it('leads to the agent what packet rules would, for UDP only', async () => {
  const pod = await aPod('agent', undefined, { TCP: new Map([[7000, 1]]), UDP: new Map([[7000, 9900]]) });
  balancer.update([pod]);

  expect(pod.network.outside(7000, 'UDP')).toEqual(pod.network.inside(9900));
  expect(await aCaller().ask('1')).toBe('agent 1');
});

it('moves to another pod when one retires, which waits for the answers that it owes', async () => {
  const owed: (() => void)[] = [];
  const old = await aPod('old', owed);
  balancer.update([old]);
  const caller = aCaller();
  caller.send('1');
  await expect.poll(() => owed.length).toBe(1);

  balancer.update([await aPod('new')]);
  let isEmpty = false;
  const retired = old.network.retire().then(() => {
    isEmpty = true;
  });
  expect(await caller.ask('2')).toBe('new 2');
  expect(isEmpty).toBe(false);
  const late = caller.next();
  owed[0]?.();

  expect(await late).toBe('old 1');
  await retired;
});

it('loses what nobody listens for, and finds who does then', async () => {
  const dead = await PodNetwork.open(loopback, 'dead', [7000]);
  balancer.update([{ network: dead, port: 7000 }]);
  const caller = aCaller();
  caller.send('lost');
  balancer.update([]);
  caller.send('lost too');
  balancer.update([await aPod('alive')]);

  await expect
    .poll(async () => await Promise.race([caller.ask('found'), new Promise((resolve) => setTimeout(resolve, 100))]))
    .toBe('alive found');
});

it('fails with port-taken where another has the address', async () => {
  await expect(DatagramListener.open(listener.address, balancer, 'service names, port 53')).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringMatching(/service names, port 53.*for UDP/),
  });
});

it('tells whether a process waits for datagrams', async () => {
  const { network } = await aPod('a');

  expect(await checkDatagramBound(network.inside(7000))).toBeUndefined();
  expect(await checkDatagramBound({ ...network.inside(7000), port: 7001 })).toMatch(/no UDP socket/);
});
