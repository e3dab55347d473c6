import { describe, expect, it } from 'vitest';
import type { PortProxy, PortRoutes, ProxyPort, TrafficProxy } from '../ports/traffic-proxy.ts';

/** A caller of the workload, on one connection. */
export interface Caller {
  /** Sends one HTTP/1.1 request and resolves to the body of the answer. Rejects when the connection breaks. */
  ask(headers?: Readonly<Record<string, string>>): Promise<string>;
  /** Closes the connection. */
  close(): void;
}

/** A proxy to be proven, with an app behind it and parties to divert to. Traffic is HTTP/1.1 on real connections. */
export interface TrafficProxyUnderTest extends AsyncDisposable {
  readonly proxy: TrafficProxy;
  /** An app that answers every request with `app`, on connections that stay open. */
  readonly app: { readonly host: string; readonly port: number };
  /** Whoever holds this intercept answers every request with this body from now on; undefined: refuses. */
  answer(intercept: string, body: string | undefined): void;
  /** Opens a connection to the port. Rejects when nobody listens. */
  call(port: number): Promise<Caller>;
  /** The bytes that a wiretap has got, as text. */
  copied(wiretap: string): string;
}

/** How a proxy is made. */
export interface TrafficProxySetup {
  /** A fresh proxy, its app and its parties; disposing takes down whatever was put up for it. */
  create(): Promise<TrafficProxyUnderTest>;
}

const nothing: PortRoutes = { intercepts: [], wiretaps: [] };

/**
 * The promises that every {@link TrafficProxy} keeps. The suite speaks HTTP over connections that the setup makes: what a
 * proxy promises is about bytes between sockets, so a proxy without any could only promise to remember routes.
 */
export function describeTrafficProxy(name: string, setup: TrafficProxySetup): void {
  describe(`${name} is a TrafficProxy`, () => {
    it('passes everything to the app while there are no routes', async () => {
      await using made = await setup.create();
      await using port = await made.proxy.listen(portOf(made));

      const caller = await made.call(port.port);

      expect(await caller.ask()).toBe('app');
      expect(await caller.ask({ 'x-user': 'ada' })).toBe('app');
      caller.close();
    });

    it('tells the port that it listens on', async () => {
      await using made = await setup.create();
      await using port = await made.proxy.listen(portOf(made));

      expect(port.port).toBeGreaterThan(0);
    });

    it('fails with port-taken where another listens', async () => {
      await using made = await setup.create();
      await using port = await made.proxy.listen(portOf(made));

      const second = made.proxy.listen({ ...portOf(made), agentPort: port.port });

      await expect(second).rejects.toMatchObject({ code: 'port-taken' });
    });

    it('does not listen for a signal that has aborted, and rejects with its reason', async () => {
      await using made = await setup.create();
      const reason = new Error('not now');

      const listening = made.proxy.listen(portOf(made), { signal: AbortSignal.abort(reason) });

      await expect(listening).rejects.toBe(reason);
    });

    it('diverts every new connection to an intercept without a match', async () => {
      await using made = await setup.create();
      await using port = await listenWith(made, exclusive('mine'));
      made.answer('mine', 'diverted');

      expect(await askOnce(made, port)).toBe('diverted');
    });

    it('diverts only the requests that match, also on one connection', async () => {
      await using made = await setup.create();
      await using port = await listenWith(made, personal('mine', 'ada'));
      made.answer('mine', 'diverted');

      const caller = await made.call(port.port);
      const answers = [];
      for (const user of ['ada', 'bob', 'ada', 'bob']) answers.push(await caller.ask({ 'x-user': user }));
      caller.close();

      expect(answers).toEqual(['diverted', 'app', 'diverted', 'app']);
    });

    it('gives a request to the first intercept that matches', async () => {
      await using made = await setup.create();
      await using port = await listenWith(made, {
        intercepts: [...personal('first', 'ada').intercepts, ...personal('second', 'ada').intercepts],
        wiretaps: [],
      });
      made.answer('first', 'first');
      made.answer('second', 'second');

      expect(await askOnce(made, port, { 'x-user': 'ada' })).toBe('first');
    });

    it('decides by the new routes once they are applied', async () => {
      await using made = await setup.create();
      await using port = await listenWith(made, personal('mine', 'ada'));
      made.answer('mine', 'diverted');
      const caller = await made.call(port.port);
      expect(await caller.ask({ 'x-user': 'ada' })).toBe('diverted');

      await port.apply(nothing);

      expect(await caller.ask({ 'x-user': 'ada' })).toBe('app');
      caller.close();
    });

    it('keeps an open connection where it is when an intercept drains', async () => {
      await using made = await setup.create();
      await using port = await listenWith(made, nothing);
      made.answer('mine', 'diverted');
      const before = await made.call(port.port);
      expect(await before.ask()).toBe('app');

      await port.apply(exclusive('mine'));

      expect(await before.ask()).toBe('app');
      expect(await askOnce(made, port)).toBe('diverted');
      before.close();
    });

    it('cuts the open connections when an intercept cuts', async () => {
      await using made = await setup.create();
      await using port = await listenWith(made, nothing);
      made.answer('mine', 'diverted');
      const before = await made.call(port.port);
      expect(await before.ask()).toBe('app');

      await port.apply(exclusive('mine', 'cut'));

      await expect(before.ask()).rejects.toThrow();
      expect(await askOnce(made, port)).toBe('diverted');
    });

    it('lets the app answer what the holder refuses, and counts it', async () => {
      await using made = await setup.create();
      await using port = await listenWith(made, exclusive('mine'));
      made.answer('mine', undefined);

      expect(await askOnce(made, port)).toBe('app');
      await expect.poll(() => port.stats().fellBack).toBeGreaterThanOrEqual(1);
    });

    it('leaves probes of the kubelet to the app, unless they are asked for', async () => {
      await using made = await setup.create();
      await using port = await listenWith(made, personal('mine', 'ada'));
      made.answer('mine', 'diverted');
      const probe = { 'x-user': 'ada', 'user-agent': 'kube-probe/1.30' };
      expect(await askOnce(made, port, probe)).toBe('app');

      const [route] = personal('mine', 'ada').intercepts;
      await port.apply({ intercepts: route ? [{ ...route, includeProbes: true }] : [], wiretaps: [] });

      expect(await askOnce(made, port, probe)).toBe('diverted');
    });

    it('copies traffic to a wiretap and leaves the answers as they are', async () => {
      await using made = await setup.create();
      await using port = await listenWith(made, { intercepts: [], wiretaps: [{ id: 'ear' }] });

      expect(await askOnce(made, port, { 'x-user': 'ada' })).toBe('app');

      await expect.poll(() => made.copied('ear')).toMatch(/x-user: ada/i);
    });

    it('counts connections and diversions', async () => {
      await using made = await setup.create();
      await using port = await listenWith(made, exclusive('mine'));
      made.answer('mine', 'diverted');

      await askOnce(made, port);
      await askOnce(made, port);

      await expect.poll(() => port.stats()).toMatchObject({ connections: 2, open: 0, diverted: 2, fellBack: 0 });
      expect(port.stats().bytesIn).toBeGreaterThan(0);
      expect(port.stats().bytesOut).toBeGreaterThan(0);
    });

    it('accepts nothing while it drains, and cuts what is open after the time', async () => {
      await using made = await setup.create();
      const port = await made.proxy.listen(portOf(made));
      const caller = await made.call(port.port);
      expect(await caller.ask()).toBe('app');

      await port.drain(50);

      await expect(made.call(port.port)).rejects.toThrow();
      await expect(caller.ask()).rejects.toThrow();
      await port[Symbol.asyncDispose]();
    });

    it('frees the port when it is disposed, twice too', async () => {
      await using made = await setup.create();
      const port = await made.proxy.listen(portOf(made));

      await port[Symbol.asyncDispose]();
      await port[Symbol.asyncDispose]();

      await expect(made.call(port.port)).rejects.toThrow();
      await using again = await made.proxy.listen({ ...portOf(made), agentPort: port.port });
      expect(await askOnce(made, again)).toBe('app');
    });
  });
}

function portOf(made: TrafficProxyUnderTest): ProxyPort {
  return { host: '127.0.0.1', agentPort: 0, appHost: made.app.host, appPort: made.app.port, protocol: 'TCP' };
}

async function listenWith(made: TrafficProxyUnderTest, routes: PortRoutes): Promise<PortProxy> {
  const port = await made.proxy.listen(portOf(made));
  await port.apply(routes);
  return port;
}

function exclusive(id: string, toggle: 'drain' | 'cut' = 'drain'): PortRoutes {
  return { intercepts: [{ id, toggle, includeProbes: false }], wiretaps: [] };
}

function personal(id: string, user: string): PortRoutes {
  const match = { headers: { 'x-user': user } };
  return { intercepts: [{ id, match, toggle: 'drain', includeProbes: false }], wiretaps: [] };
}

async function askOnce(
  made: TrafficProxyUnderTest,
  port: PortProxy,
  headers?: Readonly<Record<string, string>>,
): Promise<string> {
  const caller = await made.call(port.port);
  try {
    return await caller.ask(headers);
  } finally {
    caller.close();
  }
}
