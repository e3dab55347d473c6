import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf, sampleService } from '../conformance/samples.ts';
import { FairleadError } from '../errors.ts';
import type { MemoryAgent } from '../memory/memory-agent.ts';
import { cart, Story } from './testing/story.ts';

const key = keyOf(cart());
const names = ['one', 'two', 'three'] as const;
const people = ['ada', 'bob'] as const;
const name = fc.constantFrom(...names);
const person = fc.constantFrom(...people);

/** Something that may happen to a cluster in which people intercept; some of it often. */
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('ask' as const), name, person, isPersonal: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('leave' as const), name }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('connect' as const, 'lose' as const), person }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('kill' as const, 'flap' as const), pod: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('scale' as const), replicas: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('move' as const), port: fc.constantFrom(80, 81, 82) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(0, 500, 6_000, 16_000) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('restart' as const, 'touch' as const, 'fail' as const) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('hold' as const, 'step' as const, 'resume' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('blind' as const, 'trouble' as const, 'mend' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('delete' as const, 'undeploy' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('outage' as const, 'answer' as const, 'cut' as const) }) },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** A story in which things happen, and which can be brought to rest. */
class Chaos implements AsyncDisposable {
  readonly story: Story = new Story({
    ports: ({ interceptRegistry, agentConfigStore, workloadResolver, agentFleet }) => ({
      interceptRegistry: this.#line(interceptRegistry),
      agentConfigStore: this.#line(agentConfigStore),
      workloadResolver: this.#line(workloadResolver),
      agentFleet: this.#line(agentFleet, new Set(['agents', 'assign'])),
    }),
  });
  /** No call to the API server is answered. */
  #isOut = false;
  readonly #watches = new Set<AbortController>();
  /** Agents that have dialled again, by the uid of their pod. */
  readonly #again = new Map<string, MemoryAgent>();
  readonly #alive = new Set<string>(people);
  #replicas = 2;
  /** Pods could come up without an agent, for which nothing is restarted. */
  isTroubled = false;

  async begin(): Promise<void> {
    await this.story.deploy(cart({ replicas: this.#replicas }));
    for (const one of people) this.story.connect(one);
    await this.story.start();
  }

  async happen(event: Happening): Promise<void> {
    const { story } = this;
    const { cluster, registry } = story;
    switch (event.type) {
      case 'ask': {
        const match = event.isPersonal ? { match: { headers: { 'x-user': event.name } } } : {};
        await story.ask(event.name, match, event.person).catch(() => {});
        break;
      }
      case 'leave':
        await registry.delete('shop', event.name);
        break;
      case 'connect':
        this.#alive.add(event.person);
        story.connect(event.person);
        break;
      case 'lose':
        this.#alive.delete(event.person);
        story.lose(event.person);
        break;
      case 'kill': {
        const pod = cluster.podsOf(key)[event.pod];
        if (pod) await cluster.kill(pod);
        break;
      }
      case 'flap': {
        const pod = cluster.podsOf(key)[event.pod];
        const agent = pod && this.agentOf(pod.uid);
        agent?.disconnect();
        if (pod && agent) this.#again.set(pod.uid, cluster.fleet.connect(agent.agent));
        break;
      }
      case 'scale':
        this.#replicas = event.replicas;
        await cluster.deploy(cart({ replicas: event.replicas }));
        break;
      case 'move': {
        cluster.resolver.applyService(
          sampleService({ ports: [{ name: 'http', port: event.port, targetPort: 'http' }] }),
        );
        break;
      }
      case 'pass':
        await story.pass(event.ms, ...this.#alive);
        break;
      case 'restart':
        await story.start();
        break;
      case 'touch': {
        const entry = await cluster.store.read(key);
        if (entry) await cluster.store.write(key, { ...entry.config, logLevel: 'debug' }, entry.revision);
        break;
      }
      case 'fail':
        cluster.rollout.failNext('on purpose');
        break;
      case 'delete':
        await cluster.store.delete(key);
        break;
      case 'undeploy':
        cluster.resolver.removeWorkload(key);
        for (const pod of cluster.podsOf(key)) cluster.stop(pod);
        this.#replicas = 0;
        break;
      case 'outage':
        this.#isOut = true;
        break;
      case 'answer':
        this.#isOut = false;
        break;
      case 'cut':
        for (const watch of this.#watches) watch.abort();
        this.#watches.clear();
        break;
      case 'hold':
        cluster.rollout.hold();
        break;
      case 'step':
        cluster.rollout.step();
        break;
      case 'resume':
        cluster.rollout.resume();
        break;
      case 'blind':
        cluster.webhook = 'down';
        this.isTroubled = true;
        break;
      case 'trouble':
        cluster.problem = { cause: 'image-pull', message: 'no such image' };
        this.isTroubled = true;
        break;
      case 'mend':
        cluster.webhook = 'up';
        cluster.heal();
    }
    this.#sweep();
  }

  /** Everybody is there, nothing holds anything up, and time passes. */
  async rest(): Promise<void> {
    const { story } = this;
    const { cluster } = story;
    this.#isOut = false;
    cluster.rollout.resume();
    cluster.webhook = 'up';
    // Nothing more than needed is done here, as it would wake what might have been left asleep.
    if (this.isTroubled) cluster.heal();
    for (let round = 0; round < 60; round++) {
      this.#sweep();
      // The cluster's own controllers, which the memory cluster has only for this moment.
      if (cluster.podsOf(key).length !== 2) await cluster.deploy(cart({ replicas: 2 }));
      await story.pass(5_000, ...people);
    }
  }

  /** The newest agent of a pod. */
  agentOf(uid: string): MemoryAgent | undefined {
    const { cluster } = this.story;
    return this.#again.get(uid) ?? cluster.agentsOf(key).find(({ agent }) => agent.pod.uid === uid);
  }

  /** A port as the control plane reaches it: calls may get no answer, and watches may be cut. */
  #line<T extends object>(port: T, always: ReadonlySet<string> = new Set()): T {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || always.has(String(name))) {
          return typeof value === 'function' ? value.bind(target) : value;
        }
        if (name === 'watch') return (...args: unknown[]) => value.apply(target, this.#cuttable(args));
        return async (...args: unknown[]): Promise<unknown> => {
          if (this.#isOut) throw new FairleadError('unreachable', 'no answer');
          return await (value.apply(target, args) as Promise<unknown>);
        };
      },
    });
  }

  #cuttable(args: readonly unknown[]): readonly unknown[] {
    const { signal } = args.at(-1) as { readonly signal: AbortSignal };
    const watch = new AbortController();
    this.#watches.add(watch);
    return [...args.slice(0, -1), { signal: AbortSignal.any([signal, watch.signal]) }];
  }

  /** An agent ends with its pod, also one that has dialled again. */
  #sweep(): void {
    for (const [uid, agent] of this.#again) {
      if (this.story.cluster.podsOf(key).some((pod) => pod.uid === uid)) continue;
      agent.disconnect();
      this.#again.delete(uid);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.story[Symbol.asyncDispose]();
  }
}

describe('whatever happens', { timeout: 60_000 }, () => {
  it('everything comes to rest: no intercept hangs, agents serve what is active and nothing else, pods are as wanted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 4, maxLength: 24 }), async (events) => {
        await using chaos = new Chaos();
        const { story } = chaos;
        await chaos.begin();
        for (const event of events) await chaos.happen(event);

        await chaos.rest();

        const records = await story.registry.list('shop');
        const phases = records.map(({ status }) => status.phase);
        const restful = ['active', 'refused', 'failed', ...(chaos.isTroubled ? ['interrupted'] : [])];
        expect(phases.filter((phase) => !restful.includes(phase))).toEqual([]);
        const served = records.filter(({ status }) => status.phase === 'active' || status.phase === 'interrupted');
        const active = served.map((record) => `shop/${record.name}`).sort();
        const pods = story.cluster.podsOf(key);
        expect(pods).toHaveLength(2);
        const hash = (await story.cluster.store.read(key))?.config.hash;
        if (active.length > 0 && !chaos.isTroubled)
          expect(pods.map(({ configHash }) => configHash)).toEqual([hash, hash]);
        for (const { uid, configHash } of pods) {
          // A pod that carries another config, or none, serves nothing.
          expect(chaos.agentOf(uid)?.serving ?? []).toEqual(configHash === hash && hash ? active : []);
        }

        for (const one of people) story.lose(one);
        await story.pass(60_000);
        expect(await story.registry.list('shop')).toEqual([]);
        for (const { uid } of pods) expect(chaos.agentOf(uid)?.serving ?? []).toEqual([]);
        expect(records.map(({ name: one }) => story.plane.interceptOwner(`shop/${one}`)).filter(Boolean)).toEqual([]);
        await story.stop();
        expect(story.clock.pending).toBe(0);
      }),
      { numRuns: 25 },
    );
  });
});
