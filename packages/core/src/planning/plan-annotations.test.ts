import { describe, expect, it } from 'vitest';
import type { StringMap } from '../model/pod.ts';
import type { Service } from '../model/service.ts';
import { planAgentConfig } from './plan-agent-config.ts';
import { aContainer, aService, aWorkload, connectionsOf, httpPort, options, planned } from './testing/samples.ts';

const one = aService('one', [httpPort('http')]);
const two = aService('two', [httpPort('http'), { name: 'alt', port: 8080, targetPort: 'http' }]);
const servicesIn = (annotations: StringMap, services: readonly Service[] = [one, two]) =>
  connectionsOf(planned(aWorkload({ annotations }), services)).map(
    ({ serviceName, servicePort }) => `${serviceName}:${servicePort}`,
  );
const refusal = (annotations: StringMap, services: readonly Service[] = [one, two]) => {
  const result = planAgentConfig(aWorkload({ annotations }), services, options);
  return result.ok ? undefined : result.error;
};

describe('the annotation inject-service-name', () => {
  it.each(['fairlead.dev', 'telepresence.getambassador.io'])(
    'row 8: leaves only that service, in domain %s',
    (domain) => {
      expect(servicesIn({ [`${domain}/inject-service-name`]: 'two' })).toEqual(['two:80', 'two:8080']);
    },
  );

  it('is taken from our domain when both have it', () => {
    const annotations = {
      'telepresence.getambassador.io/inject-service-name': 'one',
      'fairlead.dev/inject-service-name': 'two',
    };

    expect(servicesIn(annotations)).toEqual(['two:80', 'two:8080']);
  });

  it('may name a service that selects nothing', () => {
    const byHand = aService('by-hand', [httpPort('http')], { selector: {} });

    expect(servicesIn({ 'fairlead.dev/inject-service-name': 'by-hand' }, [one, byHand])).toEqual(['by-hand:80']);
  });

  it('row 9: is refused with its own and the name of a service that is not there', () => {
    expect(refusal({ 'fairlead.dev/inject-service-name': 'three' })).toMatchObject({
      code: 'no-service',
      message:
        'deployment/cart: annotation fairlead.dev/inject-service-name names service three, but namespace shop has no such service that routes to pods',
    });
  });

  it('is refused for a service of another namespace or of type ExternalName', () => {
    const elsewhere = aService('three', [httpPort()], { namespace: 'other' });
    const external = aService('three', [httpPort()], { type: 'ExternalName' });

    expect(refusal({ 'fairlead.dev/inject-service-name': 'three' }, [elsewhere])?.code).toBe('no-service');
    expect(refusal({ 'fairlead.dev/inject-service-name': 'three' }, [external])?.code).toBe('no-service');
  });
});

describe('the annotation inject-service-port(s)', () => {
  it.each([
    ['http', ['one:80', 'two:80']],
    ['alt', ['two:8080']],
    ['80', ['one:80', 'two:80']],
    ['8080', ['two:8080']],
    ['alt/TCP, 80', ['one:80', 'two:80', 'two:8080']],
  ])('%s leaves only those service ports, numbers being service ports', (value, expected) => {
    expect(servicesIn({ 'fairlead.dev/inject-service-ports': value })).toEqual(expected);
    expect(servicesIn({ 'telepresence.getambassador.io/inject-service-port': value })).toEqual(expected);
  });

  it('warns of a port that no service has, and tells the service port behind a target', () => {
    const numeric = aService('one', [httpPort(8080)]);
    const workload = aWorkload({ annotations: { 'fairlead.dev/inject-service-ports': '8080,http' } });

    expect(planAgentConfig(workload, [numeric], options)).toMatchObject({
      ok: true,
      warnings: [
        {
          code: 'unmatched-annotation',
          message:
            'annotation fairlead.dev/inject-service-ports names 8080, which no service has as a port: it is the target of one:http',
        },
      ],
    });
  });

  it('is refused when nothing is left', () => {
    expect(refusal({ 'fairlead.dev/inject-service-port': '81/UDP' })).toMatchObject({
      code: 'no-connection',
      message:
        'deployment/cart: no service port matches a container; annotation fairlead.dev/inject-service-port names 81/UDP, which no service has as a port',
    });
  });

  it.each(['http/SCTP', '0', '65536', 'a_b', '80,', ',', 'http/', '-a', 'Http'])('is refused for %s', (value) => {
    expect(refusal({ 'fairlead.dev/inject-service-port': value })).toMatchObject({
      code: 'bad-request',
      message: expect.stringContaining(`annotation fairlead.dev/inject-service-port is "${value}"`),
      hint: 'Correct the annotation fairlead.dev/inject-service-port on the pod template.',
    });
  });
});

describe('the annotation inject-traffic-agent', () => {
  it.each(['enabled', '', ' '])('lets a plan be made with "%s"', (value) => {
    expect(servicesIn({ 'fairlead.dev/inject-traffic-agent': value }, [one])).toEqual(['one:80']);
  });

  it.each(['disabled', 'false'])('keeps the agent away with %s', (value) => {
    expect(refusal({ 'fairlead.dev/inject-traffic-agent': value })).toMatchObject({
      code: 'unsupported',
      message: `deployment/cart: annotation fairlead.dev/inject-traffic-agent is ${value}, which keeps the traffic-agent away`,
      hint: 'Set the annotation fairlead.dev/inject-traffic-agent on the pod template to enabled, or take it away.',
    });
  });

  it('is refused, by its own name, for any other value', () => {
    expect(refusal({ 'telepresence.getambassador.io/inject-traffic-agent': 'on' })).toMatchObject({
      code: 'bad-request',
      message:
        'deployment/cart: annotation telepresence.getambassador.io/inject-traffic-agent is "on": wanted enabled, disabled or false',
    });
  });
});

describe('the annotation manually-injected', () => {
  const manually = { 'fairlead.dev/manually-injected': 'true' };

  it('marks the plan as manual when the sidecar is there', () => {
    const containers = [
      aContainer('app', { containerPort: 8080 }),
      aContainer('traffic-agent', { containerPort: 9900 }),
    ];
    const services = [aService('web', [httpPort(8080)])];

    expect(planned(aWorkload({ annotations: manually, containers }), services).manual).toBe(true);
    const optedOut = { ...manually, 'fairlead.dev/inject-traffic-agent': 'disabled' };
    expect(planned(aWorkload({ annotations: optedOut, containers }), services).manual).toBe(true);
  });

  it('is refused without a sidecar, beside enabled, and for other values', () => {
    expect(refusal(manually)).toMatchObject({
      code: 'bad-request',
      message: expect.stringContaining('the pod template has no container named traffic-agent'),
    });
    expect(refusal({ ...manually, 'fairlead.dev/inject-traffic-agent': 'enabled' })).toMatchObject({
      code: 'bad-request',
      message: expect.stringContaining('cannot be combined with fairlead.dev/inject-traffic-agent: enabled'),
    });
    expect(refusal({ 'fairlead.dev/manually-injected': 'yes' })?.code).toBe('bad-request');
  });

  it('says nothing with false', () => {
    expect(servicesIn({ 'fairlead.dev/manually-injected': 'false' }, [one])).toEqual(['one:80']);
  });
});
