import { describe, expect, it } from 'vitest';
import type { StringMap } from '../model/pod.ts';
import { needsNetAdmin } from './needs-net-admin.ts';
import { planWorkload, planWorkloads } from './plan-workloads.ts';
import { onlineShop } from './testing/online-shop.ts';
import { aContainer, aService, aWorkload, httpPort, options, type WorkloadDraft } from './testing/samples.ts';

describe('the plans of a shop', () => {
  const { workloads, services } = onlineShop();
  const plans = planWorkloads(workloads, services, options);

  it('are made for everything behind a service, sorted, without warnings', () => {
    expect(plans.map(({ workload, warnings, error }) => ({ name: workload.name, warnings, error }))).toEqual(
      [
        'adservice',
        'cartservice',
        'checkoutservice',
        'currencyservice',
        'emailservice',
        'frontend',
        'paymentservice',
        'redis-cart',
      ].map((name) => ({ name, warnings: [], error: null })),
    );
  });

  it('give both services of the front end one agent port', () => {
    expect(plans.find(({ workload }) => workload.name === 'frontend')?.config?.containers).toMatchObject([
      {
        intercepts: [
          { serviceName: 'frontend', servicePort: 80, containerPort: 8080, agentPort: 9900 },
          { serviceName: 'frontend-external', servicePort: 80, containerPort: 8080, agentPort: 9900 },
        ],
      },
    ]);
  });

  it('keep the name of a port that is targeted by number, and list mounts', () => {
    expect(plans.find(({ workload }) => workload.name === 'currencyservice')?.config?.containers).toMatchObject([
      { intercepts: [{ containerPortName: 'grpc', targetPortNumeric: true, redirect: 'iptables' }] },
    ]);
    expect(plans.find(({ workload }) => workload.name === 'redis-cart')?.config?.containers).toMatchObject([
      { mounts: ['/data'] },
    ]);
  });

  it('show that all of them need NET_ADMIN', () => {
    expect(plans.every(({ config }) => config && needsNetAdmin(config))).toBe(true);
  });

  it('are the same bytes when workloads and services come in another order', () => {
    const again = planWorkloads(workloads.toReversed(), services.toReversed(), options);

    expect(JSON.stringify(again)).toBe(JSON.stringify(plans));
  });
});

describe('a list of plans', () => {
  const web = aService('web', [httpPort('http')]);
  const listed = (draft: WorkloadDraft) => planWorkloads([aWorkload(draft)], [web], options);
  const annotated = (annotations: StringMap) => listed({ name: 'worker', annotations });

  it('is sorted by namespace, then name, then kind', () => {
    const drafts: WorkloadDraft[] = [
      { kind: 'StatefulSet' },
      { namespace: 'other', name: 'a' },
      { kind: 'Deployment' },
      { name: 'basket', labels: { app: 'cart' } },
    ];
    const services = [web, aService('web', [httpPort('http')], { namespace: 'other', selector: { app: 'a' } })];

    expect(
      planWorkloads(drafts.map(aWorkload), services, options).map(({ workload }) => Object.values(workload)),
    ).toEqual([
      ['Deployment', 'other', 'a'],
      ['Deployment', 'shop', 'basket'],
      ['Deployment', 'shop', 'cart'],
      ['StatefulSet', 'shop', 'cart'],
    ]);
  });

  it('tells why a workload behind a service has no plan', () => {
    expect(listed({ containers: [aContainer('app')] })).toEqual([
      {
        workload: { kind: 'Deployment', namespace: 'shop', name: 'cart' },
        config: null,
        warnings: [{ code: 'unconnected-port', message: expect.any(String) }],
        error: { code: 'no-connection', message: expect.stringContaining('no service port matches a container') },
      },
    ]);
  });

  it('leaves out a worker that no service selects, unless its annotations ask for an agent', () => {
    const error = (code: string) => [{ error: { code } }];

    expect(annotated({})).toEqual([]);
    expect(annotated({ 'fairlead.dev/inject-traffic-agent': 'disabled' })).toEqual([]);
    expect(annotated({ 'fairlead.dev/inject-traffic-agent': 'enabled' })).toMatchObject(error('no-service'));
    expect(annotated({ 'fairlead.dev/inject-traffic-agent': 'on' })).toMatchObject(error('bad-request'));
    expect(annotated({ 'fairlead.dev/inject-service-name': 'nil' })).toMatchObject(error('no-service'));
    expect(annotated({ 'fairlead.dev/inject-container-ports': 'all' })).toMatchObject([{ error: null }]);
  });

  it('tells of a single workload why it has no plan, though a list would leave it out', () => {
    expect(planWorkload(aWorkload({ name: 'worker' }), [web], options)).toMatchObject({
      config: null,
      error: { code: 'no-service' },
    });
  });
});
