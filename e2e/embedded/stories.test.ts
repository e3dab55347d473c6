import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer, connect as dial } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type LocalCluster, type LocalClusterAdapter, local } from '@fairlead/local-adapter';
import { connect, type NoTrafficError, toHar } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopManifest } from './shop.ts';
import { until } from './until.ts';

let shop: LocalClusterAdapter;
let cluster: LocalCluster;

beforeAll(async () => {
  shop = local({ manifests: shopManifest });
  cluster = await shop.start();
}, 60_000);

afterAll(async () => await shop[Symbol.asyncDispose]());

const cart = (headers: Record<string, string> = {}): Promise<string> =>
  fetch(`${cluster.url('cart', 'http')}/cart`, { headers }).then((response) => response.text());

/** Sends one line on a new connection and reads until the other side ends. */
async function order(line: string): Promise<string> {
  const socket = dial(cluster.address('orders-0.orders', 'orders'));
  socket.write(`${line}\n`);
  await once(socket, 'data').then(([first]) => socket.unshift(first));
  socket.end();
  return await text(socket);
}

function* pieces(size: number): Generator<Buffer, void, undefined> {
  const piece = Buffer.alloc(64 * 1024);
  for (let sent = 0; sent < size; sent += piece.length) yield piece;
}

describe('on the embedded cluster', () => {
  it('a personal intercept takes its requests on every replica, and nobody else notices', async () => {
    await using session = await connect(shop);
    const served: string[] = [];
    // In pairs, so that connections dealt out in turn bring both kinds to both replicas.
    const isMine = (index: number): boolean => index % 4 < 2;
    await using mine = await session.intercept({
      workload: 'deployment/cart',
      port: 'http',
      match: { headers: { 'x-run': session.key } },
      handler: (request, { pod }) => {
        served.push(pod);
        return new Response(`mine ${new URL(request.url).pathname}`);
      },
    });

    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => cart(isMine(index) ? { 'x-run': session.key } : {})),
    );

    expect(mine.replicas).toEqual({ ready: 2, total: 2 });
    expect(answers.filter((_, index) => isMine(index))).toEqual(Array(20).fill('mine /cart'));
    expect(answers.filter((_, index) => !isMine(index)).every((answer) => answer.startsWith('cart of'))).toBe(true);
    expect(new Set(served).size).toBe(2);
  });

  it('two sessions with keys of their own share a port, and each gets its own requests', async () => {
    await using one = await connect(shop);
    await using two = await connect(shop);
    const take = (session: typeof one, name: string) =>
      session.intercept({
        workload: 'deployment/cart',
        port: 'http',
        match: { headers: { 'x-run': session.key } },
        handler: () => new Response(name),
      });
    await using _one = await take(one, 'one');
    await using _two = await take(two, 'two');

    const answers = await Promise.all([cart({ 'x-run': one.key }), cart({ 'x-run': two.key }), cart()]);

    expect(answers.slice(0, 2)).toEqual(['one', 'two']);
    expect(answers[2]).toContain('anchors');
  });

  it('a handler that returns nothing leaves the answer to the app, and one that fails says where', async () => {
    await using session = await connect(shop);
    await using _held = await session.intercept({
      workload: 'cart',
      port: 'http',
      match: { headers: { 'x-run': session.key } },
      handler: (request) => {
        if (request.headers.has('x-break')) throw new Error('on purpose');
        return undefined;
      },
    });

    expect(await cart({ 'x-run': session.key })).toContain('anchors');
    const broken = await fetch(cluster.url('cart', 'http'), { headers: { 'x-run': session.key, 'x-break': '1' } });
    expect(broken.status).toBe(502);
    expect(await broken.text()).toContain('handler');
  });

  it('a wait that ends without a request tells what came instead, on whichever replica it was (case 11)', async () => {
    await using session = await connect(shop);
    await using other = await connect(shop);
    await using mine = await session.intercept({
      workload: 'deployment/cart',
      port: 'http',
      match: { headers: { 'x-run': session.key } },
      handler: () => new Response('mine'),
    });
    await using _theirs = await other.intercept({
      workload: 'deployment/cart',
      port: 'http',
      match: { headers: { 'x-run': other.key } },
      handler: () => new Response('theirs'),
    });
    await Promise.all([1, 2, 3, 4].map(() => cart({ 'x-run': 'wrong' })));
    await cart({ 'x-run': other.key });

    const error = await mine.next({ timeout: 50 }).catch((reason: unknown) => reason as NoTrafficError);

    expect(error).toMatchObject({ code: 'no-traffic', seen: { missed: 4, elsewhere: 1 } });
    expect(error).toMatchObject({
      nearMisses: [{ path: '/cart', count: 4, lines: [`header x-run: wanted ${session.key}, got wrong`] }],
    });
    expect(JSON.stringify(error)).not.toContain(other.key);
    await cart({ 'x-run': session.key });
    expect((await mine.next()).request.url).toMatch(/\/cart$/);
  });

  it('several ports of several containers make one intercept', async () => {
    await using session = await connect(shop);
    await using held = await session.intercept({
      workload: 'cart',
      ports: ['http', 'stock'],
      match: { headers: { 'x-run': session.key } },
      handler: (_request, { containerPort }) => new Response(`port ${containerPort}`),
    });
    const stock = await fetch(cluster.url('cart', 'stock'), { headers: { 'x-run': session.key } });

    expect(held.connections.map((each) => each.container)).toEqual(['cart', 'stock']);
    expect(await cart({ 'x-run': session.key })).toBe('port 8080');
    expect(await stock.text()).toBe('port 8090');
  });

  it('an exclusive intercept refuses a second one and names its holder, until it is left', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('data', (data) => socket.write(`mine ${data.toString()}`));
      socket.on('end', () => socket.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: to } = server.address() as AddressInfo;
    try {
      await using ada = await connect(shop, { label: 'ada' });
      await using bob = await connect(shop, { label: 'bob' });
      const held = await ada.intercept({ workload: 'statefulset/orders', to });
      expect(await order('rope')).toBe('mine rope\n');

      await expect(bob.intercept({ workload: 'orders', to })).rejects.toMatchObject({
        code: 'conflict',
        holder: { intercept: held.name },
        message: expect.stringContaining('ada'),
      });
      await held.leave();
      await using _bobs = await bob.intercept({ workload: 'orders', to });
      expect(await order('rope')).toBe('mine rope\n');
    } finally {
      server.close();
    }
    expect(await order('rope')).toContain('orders-0');
  });

  it('an ambiguous port is refused with its candidates, and nothing is replaced (case 16)', async () => {
    await using session = await connect(shop);
    const before = cluster.pods().map((pod) => pod.uid);

    await expect(session.intercept({ workload: 'cart', to: 1 })).rejects.toMatchObject({
      code: 'ambiguous-port',
      candidates: expect.arrayContaining([expect.stringContaining('stock')]),
    });
    expect(cluster.pods().map((pod) => pod.uid)).toEqual(before);
  });

  it('a local server that is not there leaves the traffic to the app', async () => {
    await using session = await connect(shop);
    await using held = await session.intercept({
      workload: 'cart',
      port: 'http',
      match: { headers: { 'x-run': session.key } },
      to: 9,
    });
    const unreachable = once(held.events as never, 'target-unreachable');

    expect(await cart({ 'x-run': session.key })).toContain('anchors');
    await unreachable;
  });

  it('a killed pod is replaced, and the intercept is active on its successor', async () => {
    await using session = await connect(shop);
    await using held = await session.intercept({
      workload: 'cart',
      port: 'http',
      match: { headers: { 'x-run': session.key } },
      handler: () => new Response('mine'),
    });
    const [victim] = cluster.pods().filter((pod) => pod.name.startsWith('cart-'));

    await cluster.killPod(victim?.name ?? '');
    await until(
      async () => [held.phase, held.replicas.ready, held.replicas.total],
      ([phase, ready, total]) => phase === 'active' && ready === 2 && total === 2,
      20_000,
    );

    expect(await Promise.all([1, 2, 3, 4].map(() => cart({ 'x-run': session.key })))).toEqual(Array(4).fill('mine'));
  });

  it('a dropped connection comes back by itself, and the app answers meanwhile', async () => {
    await using session = await connect(shop);
    await using held = await session.intercept({
      workload: 'cart',
      port: 'http',
      match: { headers: { 'x-run': session.key } },
      handler: () => new Response('mine'),
    });
    const phases: string[] = [];
    held.events.on('phase', (phase) => phases.push(phase));

    shop.dropTransport('sessions');
    const meanwhile = await cart({ 'x-run': session.key });
    await until(
      async () => held.phase,
      (phase) => phase === 'active',
      10_000,
    );
    const afterwards = await until(
      () => cart({ 'x-run': session.key }),
      (answer) => answer === 'mine',
      10_000,
    );

    expect(meanwhile === 'mine' || meanwhile.includes('anchors')).toBe(true);
    expect(afterwards).toBe('mine');
  });

  it('an upload of 100 MB to a slow handler waits with its sender, and nobody else waits (case 21)', async () => {
    await using session = await connect(shop);
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await using _mine = await session.intercept({
      workload: 'cart',
      port: 'http',
      match: { headers: { 'x-run': session.key } },
      handler: async (request) => {
        if (request.method === 'GET') return new Response('quick');
        await gate;
        let bytes = 0;
        for await (const piece of request.body ?? []) bytes += piece.length;
        return new Response(`${bytes} bytes`);
      },
    });
    const size = 100 * 1024 * 1024;
    const upload = request(cluster.url('cart', 'http'), {
      method: 'POST',
      headers: { 'x-run': session.key, 'content-length': size },
    });
    const answered = once(upload, 'response');
    const sent = pipeline(Readable.from(pieces(size)), upload);

    // It stops of itself: what was taken from the sender does not grow any more while others are served.
    const taken = (): number => (upload.socket?.bytesWritten ?? 0) - (upload.socket?.writableLength ?? 0);
    await until(
      async () => taken(),
      (bytes) => bytes > 100_000,
      10_000,
    );
    for (let round = 0; round < 25; round++) {
      expect(await cart({ 'x-run': session.key })).toBe('quick');
      expect(await cart()).toContain('anchors');
    }
    expect(taken()).toBeLessThan(16 * 1024 * 1024);
    goOn();

    await sent;
    const [answer] = (await answered) as [IncomingMessage];
    expect(await text(answer)).toBe(`${size} bytes`);
  });

  it('a session reaches Services by their names, where it holds something, and nothing else', async () => {
    await using session = await connect(shop);
    await expect(session.fetch('http://cart/cart')).rejects.toMatchObject({ code: 'forbidden' });
    await using mine = await session.intercept({
      workload: 'cart',
      port: 'http',
      match: { headers: { 'x-run': session.key } },
      handler: () => new Response('mine'),
    });

    const answers = await Promise.all([
      session.fetch('http://cart/cart').then((answer) => answer.text()),
      session.fetch('http://cart.default.svc/', { headers: { 'x-run': session.key } }).then((answer) => answer.text()),
    ]);
    const stream = await session.dial('orders:orders');
    stream.end('rope\n');

    expect(answers[0]).toContain('anchors');
    expect(answers[1]).toBe('mine');
    expect(await text(stream)).toContain('booked rope');
    await expect(session.fetch('http://bank.other/')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(session.fetch('http://nobody/')).rejects.toMatchObject({ code: 'not-found' });
    await mine.leave();
    await expect(session.fetch('http://cart/cart')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('a wiretap yields the exchanges of every replica, who answered, and no credentials', async () => {
    await using session = await connect(shop);
    await using mine = await session.intercept({
      workload: 'cart',
      port: 'http',
      match: { headers: { 'x-run': session.key } },
      handler: () => Response.json({ mine: true }),
    });
    await using tap = await session.wiretap({ workload: 'cart', port: 'http' });

    await Promise.all([cart({ 'x-run': session.key, authorization: 'Bearer hush' }), cart(), cart(), cart()]);
    const exchanges = await Promise.all([1, 2, 3, 4].map(() => tap.next()));

    const by = (who: string) => exchanges.filter(({ servedBy }) => servedBy === who);
    expect(by(`default/${mine.name}`).map(({ response }) => response?.json())).toEqual([{ mine: true }]);
    expect(by('app').map(({ response }) => response?.status)).toEqual([200, 200, 200]);
    expect(new Set(exchanges.map(({ pod }) => pod)).size).toBe(2);
    expect(JSON.stringify(toHar(exchanges))).not.toContain('hush');
    expect(tap.stats).toEqual({ seen: 4, delivered: 4, dropped: 0, truncated: 0 });
  });

  it('a wiretap of bytes copies what is no HTTP as well', async () => {
    await using session = await connect(shop);
    await using tap = await session.wiretapBytes({ workload: 'statefulset/orders' });

    expect(await order('rope')).toContain('booked rope');
    let copied = '';
    for await (const event of tap) {
      if (event.type === 'bytes') copied += `${event.direction}: ${Buffer.from(event.bytes).toString()}`;
      if (event.type === 'end') break;
    }

    expect(copied).toContain('request: rope');
    expect(copied).toContain('response: booked rope');
    expect(tap.stats.dropped).toBe(0);
  });
});
