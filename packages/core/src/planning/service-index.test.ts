import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ServiceIndex } from './service-index.ts';
import { servicesOf } from './services-of.ts';
import { aService, aWorkload } from './testing/samples.ts';

const names = fc.constantFrom('a', 'b', 'c');
const labels = fc.dictionary(names, names, { maxKeys: 3 });
const namespaces = fc.constantFrom('shop', 'bar');

it('leaves out no service that has to do with a workload', () => {
  const services = fc.uniqueArray(fc.record({ namespace: namespaces, name: names, selector: labels }), {
    selector: ({ namespace, name }) => `${namespace}/${name}`,
  });
  const workload = fc.record({ namespace: namespaces, labels, wanted: fc.option(names, { nil: undefined }) });
  fc.assert(
    fc.property(services, workload, (drafts, { namespace, labels: podLabels, wanted }) => {
      const all = drafts.map((draft) => aService(draft.name, [], draft));
      const sample = aWorkload();
      const annotations = wanted === undefined ? {} : { 'fairlead.dev/inject-service-name': wanted };
      const template = { ...sample.template, metadata: { labels: podLabels, annotations } };
      const one = { ...sample, namespace, template };

      expect(servicesOf(one, new ServiceIndex(all).near(one))).toEqual(servicesOf(one, all));
    }),
  );
});
