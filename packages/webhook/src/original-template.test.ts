import { describe, expect, it } from 'vitest';
import { originalTemplate } from './original-template.ts';
import { aConfig, anApp, aPod, byName, byNumber, deepFrozen, inject } from './testing/pod-fixtures.ts';

const config = aConfig({ app: [byName(), byNumber({ containerPort: 81, agentPort: 9901 })] });

describe('originalTemplate', () => {
  it('is what the author wrote, but for the wish', () => {
    const probe = { httpGet: { port: 'http', path: '/' } };
    const pod = aPod([anApp({ readinessProbe: probe }), { name: 'mesh' }], { initContainers: [{ name: 'migrate' }] });

    const original = originalTemplate(deepFrozen(inject(pod, config).pod));

    expect(original.spec).toEqual(pod.spec);
    expect(original.metadata.annotations).toEqual({ 'fairlead.dev/inject-traffic-agent': 'enabled' });
  });

  it('leaves a pod alone that Fairlead never saw, even one with an agent made by hand', () => {
    const pod = aPod([anApp(), { name: 'traffic-agent', image: 'mine:1' }]);

    expect(originalTemplate(pod)).toBe(pod);
  });

  it('keeps a volume of the agent that somebody else mounts as well', () => {
    const { pod } = inject(aPod([anApp()]), config);
    const shared = { name: 'log', volumeMounts: [{ name: 'export-volume', mountPath: '/log' }] };
    const edited = { ...pod, spec: { ...pod.spec, containers: [...pod.spec.containers, shared] } };

    expect(originalTemplate(edited).spec.volumes?.map(({ name }) => name)).toEqual(['export-volume']);
  });
});
