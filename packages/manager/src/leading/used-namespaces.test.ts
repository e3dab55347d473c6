import { ManualClock, SilentLogger } from '@fairlead/core';
import type { KubernetesObject, ResourceChange } from '@fairlead/k8s-adapter';
import { describe, expect, it } from 'vitest';
import { namespaceScope } from './namespace-scope.ts';
import { UsedNamespaces } from './used-namespaces.ts';

type Change = ResourceChange<KubernetesObject>;

const stored = (namespace: string): Change => ({
  type: 'stored',
  object: { metadata: { namespace, name: 'x' } },
  before: undefined,
});
const deleted = (namespace: string): Change => ({ type: 'deleted', object: { metadata: { namespace, name: 'x' } } });
const synced: Change = { type: 'synced' };

/** A watch that tells what it is given, then waits for more. */
class Source {
  readonly #told: Change[] = [];
  readonly #waiting = new Set<() => void>();
  failures = 0;
  readonly places: (string | undefined)[] = [];

  tell(...changes: readonly Change[]): void {
    this.#told.push(...changes);
    for (const wake of this.#waiting) wake();
  }

  async *watch(place: string | undefined, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<Change> {
    this.places.push(place);
    if (this.failures-- > 0) throw new Error('not now');
    for (let at = 0; !signal.aborted; ) {
      const change = this.#told[at];
      if (change) {
        at += 1;
        yield change;
      } else {
        await this.#more(signal);
      }
    }
  }

  async #more(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

interface Lab {
  readonly configs: Source;
  readonly intercepts: Source;
  readonly clock: ManualClock;
  readonly namespaces: UsedNamespaces;
  readonly seen: string[];
  end(): Promise<void>;
}

function lab(
  settings: { readonly namespaces?: readonly string[] } = {},
  failures = 0,
  unfinished: readonly string[] = [],
): Lab {
  const [configs, intercepts, clock] = [new Source(), new Source(), new ManualClock()];
  configs.failures = failures;
  const namespaces = new UsedNamespaces({
    scope: namespaceScope({ namespace: 'fairlead', namespaces: [], excludedNamespaces: ['vault'], ...settings }),
    watchConfigs: (...about) => configs.watch(...about),
    watchIntercepts: (...about) => intercepts.watch(...about),
    findUnfinished: async () => unfinished,
    clock,
    logger: new SilentLogger(),
  });
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const namespace of namespaces.watch({ signal: stop.signal })) seen.push(namespace);
  })();
  const running = namespaces.run({ signal: stop.signal });
  const end = async (): Promise<void> => {
    stop.abort();
    await Promise.all([running, following]);
  };
  return { configs, intercepts, clock, namespaces, seen, end };
}

describe('the namespaces in use', () => {
  it('are those with agent configs or intercepts, each told once', async () => {
    const { configs, intercepts, clock, seen, end } = lab();

    configs.tell(stored('shop'), synced, stored('shop'));
    intercepts.tell(stored('bank'), synced, stored('shop'), deleted('bank'), stored('bank'));
    await clock.advance(1);

    expect(seen).toEqual(['shop', 'bank']);
    await end();
  });

  it('are never the cluster’s own, the traffic-manager’s, or excluded ones', async () => {
    const { configs, intercepts, clock, seen, end } = lab();

    configs.tell(stored('kube-system'), stored('fairlead'));
    intercepts.tell(stored('vault'), stored('shop'));
    await clock.advance(1);

    expect(seen).toEqual(['shop']);
    await end();
  });

  it('may have configs as long as it is not known that they have none', async () => {
    const { configs, intercepts, clock, namespaces, end } = lab();

    expect(namespaces.mayHaveConfigs('shop')).toBe(true);
    configs.tell(stored('bank'), synced);
    await clock.advance(1);
    expect(namespaces.mayHaveConfigs('shop')).toBe(true);
    intercepts.tell(synced);
    await clock.advance(1);
    expect([namespaces.mayHaveConfigs('shop'), namespaces.mayHaveConfigs('bank')]).toEqual([false, true]);
    namespaces.expectConfigs('shop');
    configs.tell(deleted('bank'));
    await clock.advance(1);

    expect([namespaces.mayHaveConfigs('shop'), namespaces.mayHaveConfigs('bank')]).toEqual([true, false]);
    await end();
  });

  it('may have configs while there are intercepts, for another replica may be about to store one', async () => {
    const { configs, intercepts, clock, namespaces, end } = lab();
    configs.tell(synced);
    intercepts.tell(synced, stored('shop'));
    await clock.advance(1);

    expect([namespaces.mayHaveConfigs('shop'), namespaces.mayHaveConfigs('bank')]).toEqual([true, false]);
    intercepts.tell(deleted('shop'));
    await clock.advance(1);

    expect(namespaces.mayHaveConfigs('shop')).toBe(false);
    await end();
  });

  it('are watched one by one where only some may be looked at', async () => {
    const { configs, intercepts, clock, namespaces, end } = lab({ namespaces: ['shop', 'bank'] });

    configs.tell(synced);
    intercepts.tell(synced);
    await clock.advance(1);

    expect(configs.places).toEqual(['shop', 'bank']);
    expect(namespaces.mayHaveConfigs('shop')).toBe(false);
    await end();
  });

  it('are also those where a replacement of pods was left half done', async () => {
    const { clock, seen, end } = lab({}, 0, ['shop', 'kube-system']);

    await clock.advance(1);

    expect(seen).toEqual(['shop']);
    await end();
  });

  it('are watched again after a failure', async () => {
    const { configs, clock, seen, end } = lab({}, 2);

    configs.tell(stored('shop'));
    expect(seen).toEqual([]);
    await clock.advance(10_000);

    expect(seen).toEqual(['shop']);
    expect(configs.places).toHaveLength(3);
    await end();
  });
});
