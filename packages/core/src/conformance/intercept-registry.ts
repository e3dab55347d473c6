import { describe, expect, it } from 'vitest';
import type { InterceptRecord, InterceptStatus } from '../model/intercept.ts';
import type { InterceptRegistry } from '../ports/intercept-registry.ts';
import { Reading } from './reading.ts';
import { sampleDraft, sampleNamespace } from './samples.ts';

/** A registry to be proven. */
export interface InterceptRegistryUnderTest extends AsyncDisposable {
  /** Fresh and empty. It serves at least the namespaces `shop` and `bank`. */
  readonly registry: InterceptRegistry;
}

/** How a registry is made. */
export interface InterceptRegistrySetup {
  /** A fresh, empty registry; disposing takes down whatever was put up for it. */
  create(): Promise<InterceptRegistryUnderTest>;
}

const waiting: InterceptStatus = {
  phase: 'waiting',
  since: '2026-01-01T00:00:00.000Z',
  replicas: { ready: 1, total: 3 },
};

/** The promises that every {@link InterceptRegistry} keeps. */
export function describeInterceptRegistry(name: string, setup: InterceptRegistrySetup): void {
  describe(`${name} is an InterceptRegistry`, () => {
    it('creates an intercept as it was asked for, in phase requested', async () => {
      await using made = await setup.create();

      const record = await made.registry.create(sampleDraft());

      expect(record).toMatchObject({ ...sampleDraft(), status: { phase: 'requested' } });
      expect(Number.isNaN(Date.parse(record.createdAt))).toBe(false);
      expect(await made.registry.read(sampleNamespace, 'first')).toEqual(record);
    });

    it('recognises a repeated create', async () => {
      await using made = await setup.create();
      const record = await made.registry.create(sampleDraft());

      const again = await made.registry.create(sampleDraft());

      expect(again).toEqual(record);
      expect(await made.registry.list(sampleNamespace)).toHaveLength(1);
    });

    it('recognises a repeated create after the status moved on', async () => {
      await using made = await setup.create();
      const record = await made.registry.create(sampleDraft());
      const updated = await made.registry.updateStatus(record, waiting, record.revision);

      expect(await made.registry.create(sampleDraft())).toEqual(updated);
    });

    it('refuses the same name for another session or another wish, and leaves the first as it is', async () => {
      await using made = await setup.create();
      const record = await made.registry.create(sampleDraft());
      const { session, spec } = sampleDraft();

      const ofAnother = made.registry.create(sampleDraft({ session: { ...session, id: 'session-2' } }));
      await expect(ofAnother).rejects.toMatchObject({ code: 'conflict' });
      const wishingElse = made.registry.create(sampleDraft({ spec: { ...spec, toggle: 'cut' } }));
      await expect(wishingElse).rejects.toMatchObject({ code: 'conflict' });

      expect(await made.registry.read(sampleNamespace, 'first')).toEqual(record);
    });

    it('lets exactly one of several different drafts of one name at once win', async () => {
      await using made = await setup.create();
      const { session } = sampleDraft();

      const drafts = [1, 2, 3, 4].map((at) => sampleDraft({ session: { ...session, id: `session-${at}` } }));
      const outcomes = await Promise.allSettled(drafts.map((draft) => made.registry.create(draft)));

      const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(lost).toHaveLength(3);
      for (const { reason } of lost) expect(reason).toMatchObject({ code: 'conflict' });
    });

    it('reads nothing where nothing is', async () => {
      await using made = await setup.create();

      expect(await made.registry.read(sampleNamespace, 'first')).toBeUndefined();
    });

    it('lists the records of a namespace, oldest first', async () => {
      await using made = await setup.create();
      for (const name of ['b', 'c', 'a']) await made.registry.create(sampleDraft({ name }));
      await made.registry.create(sampleDraft({ name: 'd', namespace: 'bank' }));

      const listed = await made.registry.list(sampleNamespace);

      expect(listed.map((record) => record.name).sort()).toEqual(['a', 'b', 'c']);
      const ages = listed.map((record) => record.createdAt);
      expect(ages).toEqual([...ages].sort());
    });

    it('writes the status and nothing else', async () => {
      await using made = await setup.create();
      const record = await made.registry.create(sampleDraft());

      const updated = await made.registry.updateStatus(record, waiting, record.revision);

      expect(updated.revision).not.toBe(record.revision);
      expect(updated).toEqual({ ...record, status: waiting, revision: updated.revision });
      expect(await made.registry.read(sampleNamespace, 'first')).toEqual(updated);
    });

    it('refuses a status over a newer revision', async () => {
      await using made = await setup.create();
      const record = await made.registry.create(sampleDraft());
      await made.registry.updateStatus(record, waiting, record.revision);

      const late = made.registry.updateStatus(record, { ...waiting, phase: 'active' }, record.revision);

      await expect(late).rejects.toMatchObject({ code: 'stale-write' });
      expect((await made.registry.read(sampleNamespace, 'first'))?.status.phase).toBe('waiting');
    });

    it('refuses the status of an unknown intercept', async () => {
      await using made = await setup.create();
      const record = await made.registry.create(sampleDraft());
      await made.registry.delete(sampleNamespace, 'first');

      const late = made.registry.updateStatus(record, waiting, record.revision);

      await expect(late).rejects.toMatchObject({ code: 'not-found' });
    });

    it('deletes a record, and deleting it again succeeds', async () => {
      await using made = await setup.create();
      await made.registry.create(sampleDraft());

      await made.registry.delete(sampleNamespace, 'first');
      await made.registry.delete(sampleNamespace, 'first');

      expect(await made.registry.read(sampleNamespace, 'first')).toBeUndefined();
    });

    it('does not delete a record that is not as expected any more', async () => {
      await using made = await setup.create();
      const before = await made.registry.create(sampleDraft());
      const after = await made.registry.updateStatus(before, waiting, before.revision);
      const remove = (expected: string): Promise<void> => made.registry.delete(sampleNamespace, 'first', { expected });

      await expect(remove(before.revision)).rejects.toMatchObject({ code: 'stale-write' });
      expect(await made.registry.read(sampleNamespace, 'first')).toEqual(after);
      await remove(after.revision);
      await remove(after.revision);

      expect(await made.registry.read(sampleNamespace, 'first')).toBeUndefined();
    });

    it('lets a name be used again after a delete', async () => {
      await using made = await setup.create();
      const { session } = sampleDraft();
      await made.registry.create(sampleDraft());
      await made.registry.delete(sampleNamespace, 'first');

      const record = await made.registry.create(sampleDraft({ session: { ...session, id: 'session-2' } }));

      expect(record.session.id).toBe('session-2');
    });

    it('tells a watcher the present records, then every change in order', async () => {
      await using made = await setup.create();
      const first = await made.registry.create(sampleDraft());
      const stop = new AbortController();
      const reading = new Reading(made.registry.watch(sampleNamespace, { signal: stop.signal }));
      await reading.until((seen) => expect(seen).toEqual([{ type: 'stored', record: first }]));

      const updated = await made.registry.updateStatus(first, waiting, first.revision);
      await made.registry.create(sampleDraft({ namespace: 'bank' }));
      await made.registry.delete(sampleNamespace, 'first');
      const second = await made.registry.create(sampleDraft({ name: 'second' }));

      await reading.until((seen) => expect(seen).toHaveLength(4));
      expect(reading.seen[1]).toEqual({ type: 'stored', record: updated });
      expect(reading.seen[2]).toMatchObject({ type: 'deleted', record: nameOf(first) });
      expect(reading.seen[3]).toEqual({ type: 'stored', record: second });
      stop.abort();
      await reading.ended();
    });

    it('tells each of several watchers everything', async () => {
      await using made = await setup.create();
      const stop = new AbortController();
      const readings = [1, 2, 3].map(() => new Reading(made.registry.watch(sampleNamespace, { signal: stop.signal })));

      const record = await made.registry.create(sampleDraft());

      for (const reading of readings) {
        await reading.until((seen) => expect(seen).toEqual([{ type: 'stored', record }]));
      }
      stop.abort();
      for (const reading of readings) await reading.ended();
    });

    it('ends a watch at once when the signal has aborted', async () => {
      await using made = await setup.create();
      await made.registry.create(sampleDraft());

      const reading = new Reading(made.registry.watch(sampleNamespace, { signal: AbortSignal.abort() }));

      await reading.ended();
      expect(reading.seen).toEqual([]);
    });

    it('does nothing for a signal that has aborted, and rejects with its reason', async () => {
      await using made = await setup.create();
      const record = await made.registry.create(sampleDraft());
      const reason = new Error('not now');
      const options = { signal: AbortSignal.abort(reason) };

      await expect(made.registry.create(sampleDraft({ name: 'other' }), options)).rejects.toBe(reason);
      await expect(made.registry.read(sampleNamespace, 'first', options)).rejects.toBe(reason);
      await expect(made.registry.list(sampleNamespace, options)).rejects.toBe(reason);
      await expect(made.registry.updateStatus(record, waiting, record.revision, options)).rejects.toBe(reason);
      await expect(made.registry.delete(sampleNamespace, 'first', options)).rejects.toBe(reason);
      expect(await made.registry.list(sampleNamespace)).toEqual([record]);
    });
  });
}

function nameOf({ namespace, name }: InterceptRecord): Pick<InterceptRecord, 'namespace' | 'name'> {
  return { namespace, name };
}
