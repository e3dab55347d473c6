import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Service } from '@fairlead/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dialSocket } from './dial-socket.ts';
import { isNoServiceAddress } from './no-service-address.ts';
import type { ServiceDialler } from './service-desk.ts';
import { RelayFixture } from './testing/fixtures.ts';

const cart: Service = { namespace: 'shop', name: 'cart', uid: '', selector: { app: 'cart' }, ports: [{ port: 80 }] };

/** A Service of this machine that sends back what it gets, and a dialler that knows only it. */
async function aCart(more: Partial<ServiceDialler> = {}) {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const dialled: unknown[] = [];
  const dialler: ServiceDialler = {
    mayDial: (_, namespace) => namespace === 'shop',
    services: async () => [cart],
    connect: async (address, signal) => {
      dialled.push(address);
      return await dialSocket({ host: '127.0.0.1', port }, signal);
    },
    ...more,
  };
  return { dialler, dialled, server };
}

describe('A session that dials a Service', () => {
  it('is joined with it, both ways, half-close included', async () => {
    const { dialler, dialled } = await aCart();
    await using fixture = new RelayFixture({ dialler });
    const session = await fixture.session();

    const stream = session.open({ kind: 'dial', namespace: 'shop', service: 'cart', port: 80 });
    await stream.accepted;
    stream.end('hello');

    expect(await text(stream)).toBe('hello');
    expect(dialled).toEqual([{ namespace: 'shop', service: 'cart', port: 80 }]);
  });

  it.each([
    ['of a namespace where it holds nothing', { namespace: 'bank' }, /forbidden: .* holds nothing in namespace bank/],
    ['that is not there', { service: 'web' }, /not-found: there is no Service web/],
    ['by an address', { service: '169.254.169.254' }, /not-found/],
    ['by a name with dots, which would be another', { service: 'cart.bank' }, /not-found/],
    ['by a port that it has not', { port: 22 }, /no-such-port/],
  ])('is refused one %s, and nothing is dialled', async (_, more, message) => {
    const { dialler, dialled } = await aCart();
    await using fixture = new RelayFixture({ dialler });
    const session = await fixture.session();

    const stream = session.open({ kind: 'dial', namespace: 'shop', service: 'cart', ...more });

    await expect(stream.accepted).rejects.toThrow(message);
    expect(dialled).toEqual([]);
  });

  it('is refused when nobody answers in time, when nothing listens, and where Services are not dialled', async () => {
    const silent = await aCart({ connect: () => new Promise(() => {}) });
    await using fixture = new RelayFixture({
      dialler: {
        ...silent.dialler,
        connect: (_, signal) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      },
    });
    const session = await fixture.session();
    const late = expect(session.open({ kind: 'dial', namespace: 'shop', service: 'cart' }).accepted).rejects.toThrow(
      /target-unreachable: cart did not answer in 8000 ms/,
    );
    await expect.poll(() => fixture.clock.pending).toBeGreaterThan(0);
    await fixture.clock.advance(8_000);
    await late;

    const gone = await aCart();
    gone.server.close();
    await using other = new RelayFixture({ dialler: gone.dialler });
    await expect(
      (await other.session()).open({ kind: 'dial', namespace: 'shop', service: 'cart' }).accepted,
    ).rejects.toThrow(/target-unreachable: .*ECONNREFUSED/);

    await using none = new RelayFixture();
    await expect(
      (await none.session()).open({ kind: 'dial', namespace: 'shop', service: 'cart' }).accepted,
    ).rejects.toThrow(/unsupported/);
  });

  it('asks the cluster once for a burst of connections, and anew for what it has not heard of', async () => {
    const there = [cart];
    let asked = 0;
    const services = async (): Promise<readonly Service[]> => {
      asked += 1;
      return [...there];
    };
    const { dialler } = await aCart({ services });
    await using fixture = new RelayFixture({ dialler });
    const session = await fixture.session();
    const dial = (service: string) => session.open({ kind: 'dial', namespace: 'shop', service }).accepted;

    await Promise.all(Array.from({ length: 20 }, () => dial('cart')));
    const inBurst = asked;
    await expect(dial('web')).rejects.toThrow(/not-found/);
    there.push({ ...cart, name: 'web' });
    await dial('web');
    const forNews = asked;
    await fixture.clock.advance(1_001);
    await dial('web');

    expect([inBurst, forNews, asked]).toEqual([1, 3, 4]);
  });

  it('finds a Service that was made anew with another address, and misses one that is gone', async () => {
    let there = [{ ...cart, clusterIP: '10.96.0.7' }];
    const addresses: unknown[] = [];
    const { dialler } = await aCart({ services: async () => there });
    const connect: ServiceDialler['connect'] = async (address, signal) => {
      addresses.push(address.clusterIP);
      if (address.clusterIP !== there[0]?.clusterIP) throw new Error('nobody is there');
      return await dialler.connect(address, signal);
    };
    await using fixture = new RelayFixture({ dialler: { ...dialler, connect } });
    const session = await fixture.session();
    const dial = () => session.open({ kind: 'dial', namespace: 'shop', service: 'cart' }).accepted;

    await dial();
    there = [{ ...cart, clusterIP: '10.96.0.99' }];
    await dial();
    there = [];

    await expect(dial()).rejects.toThrow(/not-found/);
    expect(addresses).toEqual(['10.96.0.7', '10.96.0.7', '10.96.0.99', '10.96.0.99']);
  });

  it('may have so many connections at once, and as many again when those are closed', async () => {
    const { dialler } = await aCart();
    await using fixture = new RelayFixture({ dialler });
    const session = await fixture.session();
    const dial = () => session.open({ kind: 'dial', namespace: 'shop', service: 'cart' });
    const streams = Array.from({ length: 128 }, dial);
    await Promise.all(streams.map((stream) => stream.accepted));

    await expect(dial().accepted).rejects.toThrow(/128 connections/);
    streams[0]?.destroy();

    await expect
      .poll(() =>
        dial().accepted.then(
          () => 'joined',
          () => 'refused',
        ),
      )
      .toBe('joined');
  });

  it('leaves nothing on a signal that outlives the connection, and gives up with it before there is one', async () => {
    const { server } = await aCart();
    const { port } = server.address() as AddressInfo;
    const reason = new Error('enough');
    const stop = new AbortController();

    const socket = await dialSocket({ host: '127.0.0.1', port }, stop.signal);
    onTestFinished(() => void socket.destroy());
    stop.abort(reason);
    await new Promise(setImmediate);

    expect(socket.destroyed).toBe(false);
    expect(socket.listenerCount('connect') + socket.listenerCount('lookup')).toBe(0);
    const late = new AbortController();
    const given = dialSocket({ host: '127.0.0.1', port }, late.signal);
    late.abort(reason);
    await expect(given).rejects.toBe(reason);
  });

  it('is never led to this machine, to the link or to where clouds keep secrets by a name', async () => {
    const never = new AbortController().signal;
    const local = dialSocket({ host: 'localhost', port: 1, isForbidden: isNoServiceAddress }, never);

    await expect(local).rejects.toMatchObject({ code: 'forbidden' });
    await expect(
      dialSocket({ host: '169.254.169.254', port: 1, isForbidden: isNoServiceAddress }, never),
    ).rejects.toMatchObject({ code: 'forbidden' });
    expect(
      ['127.0.0.1', '169.254.169.254', '0.0.0.0', '::1', 'fe80::1', '::ffff:127.0.0.1', '224.0.0.1'].map(
        isNoServiceAddress,
      ),
    ).toEqual(Array(7).fill(true));
    expect(['10.96.0.1', '172.20.3.4', '198.19.0.5', 'fd00::5'].map(isNoServiceAddress)).toEqual(Array(4).fill(false));
  });
});
