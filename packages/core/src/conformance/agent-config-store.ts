import { describe, expect, it } from 'vitest';
import type { AgentConfig } from '../model/agent-config.ts';
import type { WorkloadKey } from '../model/workload.ts';
import type { AgentConfigStore } from '../ports/agent-config-store.ts';
import { type Exemptions, keeps } from './keeps.ts';
import { Reading } from './reading.ts';
import { sampleConfig, sampleNamespace } from './samples.ts';

/** A store to be proven. */
export interface AgentConfigStoreUnderTest extends AsyncDisposable {
  /** Fresh and empty. It serves at least the namespaces `shop` and `bank`. */
  readonly store: AgentConfigStore;
  /** Makes another manager the owner of the place where this namespace's entries live. */
  claimForAnother(namespace: string): Promise<void>;
}

/** How a store is made. */
export interface AgentConfigStoreSetup {
  /** Disposing takes down whatever was put up for it. */
  create(): Promise<AgentConfigStoreUnderTest>;
  readonly exempt?: Exemptions<'foreign-store'>;
}

const cart: WorkloadKey = { namespace: sampleNamespace, kind: 'Deployment', name: 'cart' };
const cartSet: WorkloadKey = { ...cart, kind: 'StatefulSet' };
const bankCart: WorkloadKey = { ...cart, namespace: 'bank' };

/** The promises that every {@link AgentConfigStore} keeps. */
export function describeAgentConfigStore(name: string, setup: AgentConfigStoreSetup): void {
  describe(`${name} is an AgentConfigStore`, () => {
    it('has nothing at first', async () => {
      await using made = await setup.create();

      expect(await made.store.read(cart)).toBeUndefined();
      expect(await made.store.list(sampleNamespace)).toEqual([]);
    });

    it('reads what was written', async () => {
      await using made = await setup.create();

      const written = await made.store.write(cart, sampleConfig());

      expect(written).toMatchObject({ key: cart, config: sampleConfig() });
      expect(await made.store.read(cart)).toEqual(written);
    });

    it('keeps two kinds of one name apart', async () => {
      await using made = await setup.create();

      await made.store.write(cart, sampleConfig({ hash: 'of-deployment' }));
      await made.store.write(cartSet, sampleConfig({ hash: 'of-stateful-set', workloadKind: 'StatefulSet' }));

      expect((await made.store.read(cart))?.config.hash).toBe('of-deployment');
      expect((await made.store.read(cartSet))?.config.hash).toBe('of-stateful-set');
    });

    it('lists the entries of a namespace, sorted by name and kind', async () => {
      await using made = await setup.create();
      const api = { ...cart, name: 'api' };
      for (const key of [cartSet, cart, bankCart, api]) await made.store.write(key, sampleConfig());

      const listed = await made.store.list(sampleNamespace);

      expect(listed.map(({ key }) => key)).toEqual([api, cart, cartSet]);
    });

    it('changes the revision with each write', async () => {
      await using made = await setup.create();

      const first = await made.store.write(cart, sampleConfig());
      const second = await made.store.write(cart, sampleConfig({ hash: 'hash-2' }), first.revision);

      expect(second.revision).not.toBe(first.revision);
    });

    it('refuses a write over a newer revision', async () => {
      await using made = await setup.create();
      const first = await made.store.write(cart, sampleConfig());
      await made.store.write(cart, sampleConfig({ hash: 'hash-2' }), first.revision);

      const late = made.store.write(cart, sampleConfig({ hash: 'hash-3' }), first.revision);

      await expect(late).rejects.toMatchObject({ code: 'stale-write' });
      expect((await made.store.read(cart))?.config.hash).toBe('hash-2');
    });

    it('refuses to make an entry that exists, and to change one that does not', async () => {
      await using made = await setup.create();
      const { revision } = await made.store.write(cart, sampleConfig());

      await expect(made.store.write(cart, sampleConfig())).rejects.toMatchObject({ code: 'stale-write' });
      await expect(made.store.write(cartSet, sampleConfig(), revision)).rejects.toMatchObject({ code: 'stale-write' });
    });

    it('lets exactly one of several writers at once win', async () => {
      await using made = await setup.create();
      const { revision } = await made.store.write(cart, sampleConfig());

      const writers = Array.from({ length: 8 }, (_, at) =>
        made.store.write(cart, sampleConfig({ hash: `by-${at}` }), revision),
      );
      const outcomes = await Promise.allSettled(writers);

      const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(won).toHaveLength(1);
      for (const { reason } of lost) expect(reason).toMatchObject({ code: 'stale-write' });
      expect((await made.store.read(cart))?.config.hash).toBe(won[0]?.value.config.hash);
    });

    it('takes writers of different workloads at once', async () => {
      await using made = await setup.create();
      const keys = Array.from({ length: 8 }, (_, at) => ({ ...cart, name: `cart-${at}` }));

      await Promise.all(keys.map((key) => made.store.write(key, sampleConfig())));

      expect((await made.store.list(sampleNamespace)).map(({ key }) => key)).toEqual(keys);
    });

    it('keeps fields that this version does not know', async () => {
      await using made = await setup.create();
      const ofNewerVersion = { ...sampleConfig(), tracing: { port: 15_766 } } as AgentConfig;
      const first = await made.store.write(cart, ofNewerVersion);
      expect(first.config).toEqual(ofNewerVersion);

      await made.store.write(cart, sampleConfig({ hash: 'hash-2' }), first.revision);

      expect((await made.store.read(cart))?.config).toEqual({ ...ofNewerVersion, hash: 'hash-2' });
    });

    it('is not changed through values that it took or gave', async () => {
      await using made = await setup.create();
      const given = { ...sampleConfig() } as { hash: string } & AgentConfig;
      await made.store.write(cart, given);

      given.hash = 'changed afterwards';

      expect((await made.store.read(cart))?.config.hash).toBe('hash-1');
    });

    it('deletes the entry that has the expected revision', async () => {
      await using made = await setup.create();
      const { revision } = await made.store.write(cart, sampleConfig());

      await made.store.delete(cart, revision);

      expect(await made.store.read(cart)).toBeUndefined();
    });

    it('refuses to delete an entry that was changed, or is gone', async () => {
      await using made = await setup.create();
      const first = await made.store.write(cart, sampleConfig());
      await made.store.write(cart, sampleConfig({ hash: 'hash-2' }), first.revision);

      await expect(made.store.delete(cart, first.revision)).rejects.toMatchObject({ code: 'stale-write' });
      await expect(made.store.delete(cartSet, first.revision)).rejects.toMatchObject({ code: 'stale-write' });
      expect((await made.store.read(cart))?.config.hash).toBe('hash-2');
    });

    it('deletes whatever is there when nothing is expected, twice too', async () => {
      await using made = await setup.create();
      await made.store.write(cart, sampleConfig());

      await made.store.delete(cart);
      await made.store.delete(cart);

      expect(await made.store.read(cart)).toBeUndefined();
    });

    keeps(
      setup.exempt,
      'foreign-store',
      'writes and deletes nothing where another manager owns the place',
      async () => {
        await using made = await setup.create();
        await made.claimForAnother(sampleNamespace);

        await expect(made.store.write(cart, sampleConfig())).rejects.toMatchObject({ code: 'foreign-store' });
        await expect(made.store.delete(cart)).rejects.toMatchObject({ code: 'foreign-store' });
        await made.store.write(bankCart, sampleConfig({ namespace: 'bank' }));
      },
    );

    it('tells a watcher the present entries, then every change in order', async () => {
      await using made = await setup.create();
      const first = await made.store.write(cart, sampleConfig());
      const stop = new AbortController();
      const reading = new Reading(made.store.watch(sampleNamespace, { signal: stop.signal }));
      await reading.until((seen) => expect(seen).toEqual([{ type: 'stored', entry: first }]));

      const second = await made.store.write(cart, sampleConfig({ hash: 'hash-2' }), first.revision);
      await made.store.write(bankCart, sampleConfig({ namespace: 'bank' }));
      await made.store.delete(cart, second.revision);

      await reading.until((seen) =>
        expect(seen.slice(1)).toEqual([
          { type: 'stored', entry: second },
          { type: 'deleted', key: cart },
        ]),
      );
      stop.abort();
      await reading.ended();
    });

    it('tells each of several watchers everything', async () => {
      await using made = await setup.create();
      const stop = new AbortController();
      const readings = [1, 2, 3].map(() => new Reading(made.store.watch(sampleNamespace, { signal: stop.signal })));

      const entry = await made.store.write(cart, sampleConfig());

      for (const reading of readings) {
        await reading.until((seen) => expect(seen).toEqual([{ type: 'stored', entry }]));
      }
      stop.abort();
      for (const reading of readings) await reading.ended();
    });

    it('ends a watch at once when the signal has aborted', async () => {
      await using made = await setup.create();
      await made.store.write(cart, sampleConfig());

      const reading = new Reading(made.store.watch(sampleNamespace, { signal: AbortSignal.abort() }));

      await reading.ended();
      expect(reading.seen).toEqual([]);
    });

    it('does nothing for a signal that has aborted, and rejects with its reason', async () => {
      await using made = await setup.create();
      const reason = new Error('not now');
      const options = { signal: AbortSignal.abort(reason) };

      await expect(made.store.read(cart, options)).rejects.toBe(reason);
      await expect(made.store.list(sampleNamespace, options)).rejects.toBe(reason);
      await expect(made.store.write(cart, sampleConfig(), undefined, options)).rejects.toBe(reason);
      await expect(made.store.delete(cart, undefined, options)).rejects.toBe(reason);
      expect(await made.store.read(cart)).toBeUndefined();
    });
  });
}
