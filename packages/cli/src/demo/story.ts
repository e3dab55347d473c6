import { type ClusterAdapter, FairleadError, formatWorkload, needsNetAdmin } from '@fairlead/core';
import { connect, type Session } from '@fairlead/sdk';
import type { Paint } from '../output/paint.ts';
import { startOrderServer } from './order-server.ts';
import { bookOrder, expectText, getText, type LoadCount, SteadyLoad } from './steady-load.ts';

/** Where the shop can be called. */
export interface ShopAddresses {
  readonly webUrl: string;
  readonly cartUrl: string;
  readonly orders: { readonly host: string; readonly port: number };
}

/** What the story needs to be told. */
export interface StoryParts {
  readonly cluster: ClusterAdapter;
  readonly addresses: ShopAddresses;
  readonly say: (text: string) => void;
  readonly paint: Paint;
  readonly signal: AbortSignal;
}

/** One thing that the story showed. */
export interface Proof {
  readonly claim: string;
  readonly seen: string;
}

/** What came of it. */
export interface StoryResult {
  readonly proofs: readonly Proof[];
  readonly load: LoadCount;
}

/** Tells the story of the shop, under load from the first line to the last. Fails when a claim does not hold. */
export async function tellStory(parts: StoryParts): Promise<StoryResult> {
  const { addresses, say } = parts;
  const proofs: Proof[] = [];
  const prove = (claim: string, seen: string, holds: boolean): void => {
    if (!holds) throw new FairleadError('internal', `the demo expected that ${claim}, but saw: ${seen}`);
    proofs.push({ claim, seen });
    say(`${parts.paint.green('✓')} ${claim}\n    ${parts.paint.dim(seen)}`);
  };
  const load = new SteadyLoad({
    web: expectText(addresses.webUrl, 'anchors'),
    cart: expectText(`${addresses.cartUrl}/cart`, 'anchors'),
    orders: async (signal) => void (await bookOrder(addresses.orders, 'rope', signal)),
  });
  try {
    await using session = await connect(parts.cluster, { signal: parts.signal, label: 'the demo' });
    await showPlans(session, parts);
    await personal(session, parts, prove);
    await exclusive(session, parts, prove);
  } finally {
    await load.stop();
  }
  const { sent, failed, failures } = load.count;
  prove(
    'not one call failed',
    `${sent} calls, ${failed} failed${failures.map((each) => `; ${each}`).join('')}`,
    failed === 0,
  );
  return { proofs, load: load.count };
}

type Prove = (claim: string, seen: string, holds: boolean) => void;

async function showPlans(session: Session, { say, paint }: StoryParts): Promise<void> {
  say(paint.bold('The shop, and how its traffic would be redirected'));
  for (const workload of await session.workloads()) {
    const services = (await session.services()).map((service) => service.name);
    const { config, connections } = await session.plan({
      workload: formatWorkload(workload),
      ports: workload.name === 'cart' ? ['http', 'stock'] : [],
    });
    const ports = connections.map((each) => `${each.serviceName}:${each.servicePortName || each.servicePort}`);
    const how = needsNetAdmin(config) ? 'packet rules' : 'port names';
    say(`  ${formatWorkload(workload).padEnd(20)} ${ports.join(', ').padEnd(24)} by ${how}`);
    if (services.length === 0) throw new FairleadError('internal', 'the shop has no services');
  }
}

async function personal(session: Session, { addresses, say, paint, signal }: StoryParts, prove: Prove): Promise<void> {
  say(paint.bold('A personal intercept: only requests with the header x-user: ada'));
  const mine = { 'x-user': 'ada' };
  {
    await using held = await session.intercept({
      workload: 'deployment/cart',
      port: 'http',
      match: { headers: { 'x-user': 'ada' } },
      handler: () => new Response('cart of ada, answered by this very process\n'),
      signal,
    });
    say(`  ${held.name} is active on ${held.replicas.ready} of ${held.replicas.total} pods`);
    const direct = await getText(`${addresses.cartUrl}/cart`, mine);
    prove('a request with the header is answered here', direct.trim(), direct.includes('this very process'));
    const behind = await getText(addresses.webUrl, mine);
    prove(
      'so is one that comes through the page',
      behind.trim().replace('\n', ' | '),
      behind.includes('this very process'),
    );
    const others = await getText(`${addresses.cartUrl}/cart`, { 'x-user': 'bob' });
    prove('everybody else reaches the app', others.trim(), others.includes('anchors'));
  }
  const after = await getText(`${addresses.cartUrl}/cart`, mine);
  prove('after leaving, the app answers that header too', after.trim(), after.includes('anchors'));
}

async function exclusive(
  session: Session,
  { addresses, cluster, say, paint, signal }: StoryParts,
  prove: Prove,
): Promise<void> {
  say(paint.bold('An exclusive intercept: all of a TCP port, behind a headless Service'));
  await using server = await startOrderServer();
  {
    await using held = await session.intercept({
      workload: 'statefulset/orders',
      port: 'orders',
      to: server.port,
      signal,
    });
    say(`  ${held.name} is active on ${held.replicas.ready} of ${held.replicas.total} pods`);
    const taken = await bookOrder(addresses.orders, 'rope', signal);
    prove('every order arrives here', taken, taken.includes('your own process'));
    await using colleague = await connect(cluster, { signal, label: 'a colleague' });
    const refusal = await colleague.intercept({ workload: 'orders', to: server.port, signal }).then(
      () => 'it was granted',
      (error: unknown) => FairleadError.from(error),
    );
    const seen = refusal instanceof FairleadError ? refusal.message : refusal;
    const isConflict = refusal instanceof FairleadError && refusal.code === 'conflict' && refusal.holder !== undefined;
    prove('a second one is refused, and told who holds it', seen, isConflict);
  }
  const after = await bookOrder(addresses.orders, 'rope', signal);
  prove('after leaving, orders arrive at the app', after, after.includes('orders-0'));
}
