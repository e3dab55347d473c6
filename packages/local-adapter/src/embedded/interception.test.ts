import { expect, it, onTestFinished, vi } from 'vitest';
import type { ManifestLiteral } from '../manifests/manifest-source.ts';
import { underLoad } from '../testing/load.ts';
import { anApp, aService } from '../testing/manifests.ts';
import { RawSession } from '../testing/raw-session.ts';
import { until } from '../testing/until.ts';
import { EmbeddedCluster } from './embedded-cluster.ts';
import type { LocalOptions } from './local-options.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const cart = { namespace: 'shop', name: 'cart' };

async function started(
  manifests: readonly ManifestLiteral[],
  options: Partial<LocalOptions> = {},
): Promise<EmbeddedCluster> {
  const embedded = await EmbeddedCluster.start({ manifests, namespace: 'shop', ...options });
  onTestFinished(() => embedded[Symbol.asyncDispose]());
  return embedded;
}

async function connected(embedded: EmbeddedCluster, text = 'mine'): Promise<RawSession> {
  const session = await RawSession.open(embedded.transport(), embedded.registry, text);
  onTestFinished(() => session[Symbol.asyncDispose]());
  return session;
}

async function ask(url: string, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(url, { headers: { connection: 'close', ...headers } })).text();
}

it('brings an agent into the pods by itself and diverts what matches, losing nothing', async () => {
  const embedded = await started([anApp({ replicas: 2 }), aService()]);
  const session = await connected(embedded);
  const before = embedded.cluster.pods();
  const url = embedded.cluster.url('cart');

  const { lost, answered } = await underLoad(url, async () => {
    await session.intercept('shop', 'personal', { workload: cart, ports: [], match: { headers: { 'x-user': 'ada' } } });
    expect(await ask(url, { 'x-user': 'ada' })).toBe('mine');
    expect(await ask(url, { 'x-user': 'bob' })).toMatch(/^cart-/);
  });

  const after = embedded.cluster.pods();
  expect(lost).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  expect(after).toHaveLength(2);
  expect(after.every((pod) => pod.ready && pod.configHash !== undefined)).toBe(true);
  expect(after.filter(({ name }) => before.some((pod) => pod.name === name))).toEqual([]);
  expect(session.diverted.every((stream) => stream.containerPort === 8080)).toBe(true);
  expect((await embedded.resolver.find(cart)).generation).toBe(1);
});

it('diverts where packet rules would be needed: numeric target ports and headless Services', async () => {
  const numeric = { ports: [{ port: 80, targetPort: 8080 }] };
  const embedded = await started([
    anApp({ kind: 'StatefulSet' }),
    aService('cart', { clusterIP: 'None' }),
    aService('numeric', { selector: { app: 'cart' }, ...numeric }),
  ]);
  const session = await connected(embedded);

  await session.intercept('shop', 'all', { workload: cart, ports: [{ service: 'cart' }] });

  const { cluster } = embedded;
  expect(await ask(cluster.url('cart'))).toBe('mine');
  expect(await ask(cluster.url('cart-0.cart'))).toBe('mine');
  expect(await ask(cluster.url('numeric'))).toBe('mine');
  expect(await ask(cluster.url('cart-0', 8080))).toBe('mine');
});

it('works where only 127.0.0.1 can be bound', async () => {
  const embedded = await started([anApp({ replicas: 2 }), aService()], { loopback: 'ports' });
  const session = await connected(embedded);
  const url = embedded.cluster.url('cart');

  await session.intercept('shop', 'personal', { workload: cart, ports: [], match: { headers: { 'x-user': 'ada' } } });

  expect(await ask(url, { 'x-user': 'ada' })).toBe('mine');
  expect([await ask(url), await ask(url)].sort()).toEqual(embedded.cluster.pods().map((pod) => pod.name));
});

it('lets the app answer again when the intercept or its session ends', async () => {
  const embedded = await started([anApp(), aService()], { leaseMs: 1_000 });
  const session = await connected(embedded);
  const url = embedded.cluster.url('cart');

  await session.intercept('shop', 'first', { workload: cart, ports: [] });
  expect(await ask(url)).toBe('mine');
  await session.leave('shop', 'first');
  await until(async () => (await ask(url)) !== 'mine', 'the app answers after leaving');

  await session.intercept('shop', 'second', { workload: cart, ports: [] });
  await session[Symbol.asyncDispose]();
  expect(await ask(url)).toMatch(/^cart-/);
  await until(async () => (await embedded.registry.list('shop')).length === 0, 'the lease ends');
});

it('keeps intercepting through a killed pod, a scaled workload and dropped connections of agents', async () => {
  const embedded = await started([anApp(), aService()]);
  const { cluster } = embedded;
  const session = await connected(embedded);
  const url = cluster.url('cart');
  await session.intercept('shop', 'all', { workload: cart, ports: [] });
  const isOurs = async (): Promise<boolean> => (await ask(url).catch(() => 'lost')) === 'mine';

  await cluster.killPod(cluster.pods()[0]?.name ?? '');
  await until(isOurs, 'the new pod is intercepted', 10_000);

  embedded.dropTransport('agents');
  await until(isOurs, 'the agent is back', 10_000);
  embedded.dropTransport({ pod: cluster.pods()[0]?.name ?? '' });
  await until(isOurs, 'the agent is back again', 10_000);

  await cluster.scale(cart, 2);
  const answers = new Set<string>();
  await until(
    async () => {
      answers.clear();
      for (let i = 0; i < 6; i++) answers.add(await ask(url));
      return answers.size === 1 && answers.has('mine');
    },
    'both pods are intercepted',
    10_000,
  );
});

it('injects at the start where an annotation asks for it, so that an intercept replaces nothing', async () => {
  const annotations = { 'fairlead.dev/inject-traffic-agent': 'enabled' };
  const embedded = await started([anApp({ annotations }), aService()]);
  const session = await connected(embedded);
  const before = embedded.cluster.pods();

  await session.intercept('shop', 'all', { workload: cart, ports: [] });

  expect(embedded.cluster.pods()).toEqual(before);
  expect(await ask(embedded.cluster.url('cart'))).toBe('mine');
});

it('lets everything wait, and nothing be lost, while an agent is paused', async () => {
  const embedded = await started([
    anApp({ annotations: { 'fairlead.dev/inject-traffic-agent': 'enabled' } }),
    aService(),
  ]);
  const { cluster } = embedded;
  const [pod] = cluster.pods();
  expect(pod?.configHash).toBeDefined();

  cluster.pauseAgent(pod?.name ?? '');
  let isAnswered = false;
  const answer = ask(cluster.url('cart')).then((text) => {
    isAnswered = true;
    return text;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isAnswered).toBe(false);
  cluster.resumeAgent(pod?.name ?? '');

  expect(await answer).toBe(pod?.name);
});

it('refuses an agent that shows the token of another pod', async () => {
  const { verifyAgent } = await import('./agent-identity.ts');
  const embedded = await started([anApp({ replicas: 2 }), aService()]);
  const [one, two] = embedded.cluster.pods();
  const workload = { ...cart, kind: 'Deployment' } as const;
  let token = '';
  embedded.cluster.podOfToken((candidate) => {
    token ||= candidate;
    return false;
  });
  const hello = { kind: 'agent', v: 2, configHash: '', version: '', token, workload } as const;
  const verdicts = await Promise.all(
    [one, two].map((pod) =>
      verifyAgent({ ...hello, pod: { name: pod?.name ?? '', uid: pod?.uid ?? '' } }, embedded.cluster),
    ),
  );

  expect(verdicts.filter(({ ok }) => ok)).toHaveLength(1);
  const pod = { name: one?.name ?? '', uid: one?.uid ?? '' };
  expect(await verifyAgent({ ...hello, token: 'guess', pod }, embedded.cluster)).toMatchObject({ ok: false });
});
