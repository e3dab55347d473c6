import { describe, expect, it } from 'vitest';
import { servicesOf, servicesSelecting } from './services-of.ts';
import { aService, aWorkload, httpPort } from './testing/samples.ts';

const names = (services: readonly { readonly name: string }[]): string[] => services.map(({ name }) => name);
const workload = aWorkload({ labels: { app: 'cart', tier: 'back' } });

describe('the services of a workload', () => {
  it('are those whose whole selector matches, in name order by code unit', () => {
    const services = [
      aService('b', [httpPort()]),
      aService('a', [httpPort()], { selector: { app: 'cart', tier: 'back' } }),
      aService('B', [httpPort()]),
      aService('other-app', [httpPort()], { selector: { app: 'web' } }),
      aService('too-narrow', [httpPort()], { selector: { app: 'cart', zone: '1' } }),
    ];

    expect(names(servicesOf(workload, services))).toEqual(['B', 'a', 'b']);
  });

  it('are never those of another namespace, without a selector, or of type ExternalName', () => {
    const { selector: _, ...selectorless } = aService('selector-less', [httpPort()]);
    const services = [
      aService('elsewhere', [httpPort()], { namespace: 'other' }),
      aService('empty', [httpPort()], { selector: {} }),
      selectorless,
      aService('external', [httpPort()], { type: 'ExternalName' }),
    ];

    expect(servicesOf(workload, services)).toEqual([]);
  });

  it('are the annotated one for planning, and still all that select the pods for whoever asks that', () => {
    const annotated = aWorkload({ annotations: { 'fairlead.dev/inject-service-name': 'two' } });
    const services = [aService('one', [httpPort()]), aService('two', [httpPort()], { selector: { app: 'else' } })];

    expect(names(servicesOf(annotated, services))).toEqual(['two']);
    expect(names(servicesSelecting(annotated, services))).toEqual(['one']);
  });
});
