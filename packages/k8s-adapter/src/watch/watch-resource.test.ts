import { Reading } from '@fairlead/core/conformance';
import { describe, expect, it } from 'vitest';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { type ConnectedServer, connectMemory } from '../testing/connect-memory.ts';
import type { StoredObject } from '../testing/object-store.ts';
import { type ResourceChange, type WatchOptions, watchResource } from './watch-resource.ts';

const pods = 'v1/pods';
const named = (name: string, changes: object = {}) => ({ metadata: { name, namespace: 'shop' }, ...changes });

describe('watching a resource', () => {
  it('tells what is there, that this was all, and then every change', async () => {
    await using made = await connectMemory();
    const { store } = made.server;
    store.add(pods, named('a'));
    await using reading = read(made);
    await reading.until(['+a', 'synced']);

    const b = store.add(pods, named('b'));
    store.put(pods, b, named('b', { spec: { x: 1 } }));
    store.remove(pods, store.get(pods, 'shop', 'b') as StoredObject);

    await reading.until(['+a', 'synced', '+b', '~b', '-b']);
  });

  it('goes on where it stopped when the connection breaks: nothing twice, nothing lost', async () => {
    await using made = await connectMemory();
    const { server } = made;
    const a = server.store.add(pods, named('a'));
    await using reading = read(made);
    await reading.until(['+a', 'synced']);
    await expect.poll(() => server.watches).toBe(1);

    server.dropWatches();
    server.store.add(pods, named('b'));
    server.store.remove(pods, a);

    await reading.until(['+a', 'synced', '+b', '-a']);
    expect(lists(made)).toBe(1);
  });

  it('tells the difference when the server has forgotten where it was', async () => {
    await using made = await connectMemory();
    const { server } = made;
    const { store } = server;
    const objects = ['kept', 'changed', 'removed', 'replaced'].map((name) => store.add(pods, named(name)));
    await using reading = read(made);
    const before = ['+kept', '+changed', '+removed', '+replaced', 'synced'];
    await reading.until(before);
    await expect.poll(() => server.watches).toBe(1);

    const [, changed, removed, replaced] = objects as [StoredObject, StoredObject, StoredObject, StoredObject];
    server.answer = ({ query }) => (query.get('watch') ? { status: 503 } : undefined);
    server.dropWatches();
    store.put(pods, changed, named('changed', { spec: { x: 1 } }));
    store.remove(pods, removed);
    store.remove(pods, replaced);
    store.add(pods, named('replaced'));
    store.add(pods, named('added'));
    store.forgetHistory();
    server.answer = undefined;

    await reading.until([...before, '-removed', '~changed', '-replaced', '+replaced', '+added']);
    expect(lists(made)).toBe(2);
  });

  it('keeps of each object only its metadata where that is all that is asked for', async () => {
    await using made = await connectMemory();
    const { store } = made.server;
    const pod = named('cart', { spec: { x: 1 } });
    const managed = { ...pod, metadata: { ...pod.metadata, managedFields: [{ manager: 'somebody' }] } };
    const stored = store.add(pods, managed);
    await using reading = read(made, { remembers: 'metadata' });
    await reading.until(['+cart', 'synced']);

    store.put(pods, stored, { ...managed, spec: { x: 2 } });
    await reading.until(['+cart', 'synced', '~cart']);

    const change = reading.seen.at(-1) as { readonly object: object; readonly before: KubernetesObject };
    expect(change.object).toMatchObject({ spec: { x: 2 } });
    expect(Object.keys(change.before)).toEqual(['metadata']);
    expect(change.before.metadata).toMatchObject({ name: 'cart' });
    expect(change.before.metadata).not.toHaveProperty('managedFields');
  });

  it('survives a server that is away for a while', async () => {
    await using made = await connectMemory({ retries: 0 });
    const { server } = made;
    await using reading = read(made);
    await reading.until(['synced']);
    await expect.poll(() => server.watches).toBe(1);
    let refused = 0;
    server.answer = () => (++refused < 4 ? { status: 503 } : undefined);
    server.dropWatches();
    server.store.add(pods, named('a'));

    await reading.until(['synced', '+a']);

    expect(refused).toBeGreaterThanOrEqual(4);
  });

  it('resumes from the last bookmark, not from the last change', async () => {
    await using made = await connectMemory();
    const { server } = made;
    await using _reading = read(made);
    await expect.poll(() => server.watches).toBe(1);
    server.store.add('v1/secrets', named('unrelated'));
    server.bookmark();

    server.endWatches();
    await expect.poll(() => watches(made)).toBeGreaterThan(1);

    const resumed = server.requests.filter(({ query }) => query.get('watch')).at(-1);
    expect(resumed?.query.get('resourceVersion')).toBe(String(server.store.revision));
    expect(lists(made)).toBe(1);
  });

  it('opens a watch anew on which nothing comes', async () => {
    await using made = await connectMemory();
    await using reading = read(made, { idleMs: 30 });
    await reading.until(['synced']);

    await expect.poll(() => watches(made)).toBeGreaterThan(2);

    expect(lists(made)).toBe(1);
  });

  it('reads long collections page by page', async () => {
    await using made = await connectMemory();
    const names = Array.from({ length: 1_001 }, (_, at) => `pod-${at}`);
    for (const name of names) made.server.store.add(pods, named(name));

    await using reading = read(made);

    await reading.until([...names.map((name) => `+${name}`), 'synced']);
    expect(lists(made)).toBe(3);
  });

  it('lists anew when the pages are of a past that is forgotten', async () => {
    await using made = await connectMemory();
    for (let at = 0; at < 501; at++) made.server.store.add(pods, named(`pod-${at}`));
    let expired = 0;
    made.server.answer = ({ query }) =>
      query.get('continue') && ++expired === 1
        ? { status: 410, body: { kind: 'Status', reason: 'Expired', message: 'continue token expired' } }
        : undefined;

    await using reading = read(made);

    await reading.settled();
    expect(reading.seen).toHaveLength(502);
  });

  it('fails at once when it may not watch, and says what is missing', async () => {
    await using made = await connectMemory();
    made.server.answer = () => ({ status: 403, body: { kind: 'Status', reason: 'Forbidden', message: 'no' } });

    const first = watchResource(made.connection, apiResources.pods, { namespace: 'shop' }).next();

    await expect(first).rejects.toMatchObject({
      code: 'forbidden',
      message: 'cannot list pods in namespace shop: no',
      hint: expect.stringContaining('list pods in namespace shop'),
    });
  });

  it('leaves nothing open when its loop is left', async () => {
    await using made = await connectMemory();
    made.server.store.add(pods, named('a'));

    for await (const change of watchResource(made.connection, apiResources.pods, { namespace: 'shop' })) {
      if (change.type === 'synced') break;
    }

    await expect.poll(() => made.server.watches).toBe(0);
  });

  it('waits for its reader instead of piling up what it cannot take', async () => {
    await using made = await connectMemory();
    for (let at = 0; at < 3; at++) made.server.store.add(pods, named(`pod-${at}`));
    const watch = watchResource(made.connection, apiResources.pods, { namespace: 'shop' });

    await watch.next();

    // The watch itself begins only when all that was listed is taken.
    expect(watches(made)).toBe(0);
    await watch.return();
  });
});

/** A watch that is read in the background, in short words: `+` new, `~` changed, `-` gone. */
function read(made: ConnectedServer, options: WatchOptions = {}) {
  const stop = new AbortController();
  const watch = watchResource(made.connection, apiResources.pods, {
    namespace: 'shop',
    retryMs: 5,
    ...options,
    signal: stop.signal,
  });
  const reading = new Reading(watch);
  const words = () => reading.seen.map(wordOf);
  return {
    get seen() {
      return reading.seen;
    },
    until: (wanted: readonly string[]) => reading.until(() => expect(words()).toEqual(wanted)),
    settled: () => reading.until(() => expect(words()).toContain('synced')),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await reading.ended();
    },
  };
}

function wordOf(change: ResourceChange<{ metadata: { name?: string } }>): string {
  if (change.type === 'synced') return 'synced';
  const sign = change.type === 'deleted' ? '-' : change.before ? '~' : '+';
  return `${sign}${change.object.metadata.name}`;
}

function lists(made: ConnectedServer): number {
  return made.server.requests.filter(({ method, query }) => method === 'GET' && !query.get('watch')).length;
}

function watches(made: ConnectedServer): number {
  return made.server.requests.filter(({ query }) => query.get('watch')).length;
}
