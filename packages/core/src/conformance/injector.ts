import { describe, expect, it } from 'vitest';
import { frozenCopy } from '../frozen-copy.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import { agentContainerName, configHashAnnotation, type PodManifest } from '../model/pod.ts';
import type { Injector } from '../ports/injector.ts';
import { applyJsonPatch } from './apply-json-patch.ts';
import { sampleConfig, sampleNamespace } from './samples.ts';

/** An injector to be proven. */
export interface InjectorUnderTest extends AsyncDisposable {
  readonly injector: Injector;
}

/** How an injector is made. */
export interface InjectorSetup {
  /** A fresh injector; disposing takes down whatever was put up for it. */
  create(): Promise<InjectorUnderTest>;
}

/** The promises that every {@link Injector} keeps. */
export function describeInjector(name: string, setup: InjectorSetup): void {
  describe(`${name} is an Injector`, () => {
    it('adds the agent, with the image of the config', async () => {
      await using made = await setup.create();

      const { spec } = injected(made.injector, plainPod(), sampleConfig());

      const agents = spec.containers.filter((container) => container.name === agentContainerName);
      expect(agents).toHaveLength(1);
      expect(agents[0]?.image).toBe(sampleConfig().agentImage);
    });

    it('notes the hash of the config on the pod', async () => {
      await using made = await setup.create();

      const { metadata } = injected(made.injector, plainPod(), sampleConfig());

      expect(metadata.annotations?.[configHashAnnotation]).toBe('hash-1');
    });

    it('keeps the containers and annotations of the pod', async () => {
      await using made = await setup.create();
      const pod = plainPod({ annotations: { 'example.com/owner': 'ada' } });

      const { metadata, spec } = injected(made.injector, pod, sampleConfig());

      expect(metadata.annotations).toMatchObject({ 'example.com/owner': 'ada' });
      expect(spec.containers.map((container) => container.name)).toContain('app');
      expect(spec.containers.find((container) => container.name === 'app')?.image).toBe('registry.example/app:1');
    });

    it('lets the agent take the port of a connection that is redirected by name', async () => {
      await using made = await setup.create();

      const { spec } = injected(made.injector, plainPod(), sampleConfig());

      const owners = spec.containers.filter((container) => container.ports?.some((port) => port.name === 'http'));
      expect(owners.map((container) => container.name)).toEqual([agentContainerName]);
      expect(owners[0]?.ports).toContainEqual(expect.objectContaining({ name: 'http', containerPort: 9900 }));
    });

    it('is pure: the same pod and config give the same patch, and neither is changed', async () => {
      await using made = await setup.create();
      const pod = frozenCopy(plainPod());
      const config = frozenCopy(sampleConfig());

      expect(made.injector.inject(pod, config)).toEqual(made.injector.inject(pod, config));
    });

    it('has nothing to do for a pod that carries the agent already', async () => {
      await using made = await setup.create();
      const once = injected(made.injector, plainPod(), sampleConfig());

      expect(made.injector.inject(once, sampleConfig()).patch).toEqual([]);
    });

    it('brings a pod with an older agent up to date', async () => {
      await using made = await setup.create();
      const once = injected(made.injector, plainPod(), sampleConfig());
      const newer = sampleConfig({ hash: 'hash-2', agentImage: 'registry.example/agent:2' });

      const { metadata, spec } = injected(made.injector, once, newer);

      const agents = spec.containers.filter((container) => container.name === agentContainerName);
      expect(agents.map((container) => container.image)).toEqual(['registry.example/agent:2']);
      expect(metadata.annotations?.[configHashAnnotation]).toBe('hash-2');
    });

    it('leaves pods of manual configs alone', async () => {
      await using made = await setup.create();

      expect(made.injector.inject(plainPod(), sampleConfig({ manual: true })).patch).toEqual([]);
    });

    it('refuses pods on the network of the host', async () => {
      await using made = await setup.create();
      const pod = plainPod();

      expect(() => made.injector.inject({ ...pod, spec: { ...pod.spec, hostNetwork: true } }, sampleConfig())).toThrow(
        expect.objectContaining({ code: 'host-network' }),
      );
    });

    it('refuses a pod without the container that the config speaks of', async () => {
      await using made = await setup.create();
      const pod = plainPod();

      expect(() => made.injector.inject({ ...pod, spec: { containers: [] } }, sampleConfig())).toThrow(
        expect.objectContaining({ code: 'bad-manifest' }),
      );
    });
  });
}

function plainPod(metadata: PodManifest['metadata'] = {}): PodManifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: sampleNamespace, generateName: 'cart-', ...metadata },
    spec: {
      containers: [{ name: 'app', image: 'registry.example/app:1', ports: [{ name: 'http', containerPort: 8080 }] }],
    },
  };
}

/** Applying proves that the patch fits the document as it changes. */
function injected(injector: Injector, pod: PodManifest, config: AgentConfig): PodManifest {
  return applyJsonPatch(pod, injector.inject(pod, config).patch);
}
