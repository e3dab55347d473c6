import { describe, expect, it } from 'vitest';
import { errorCatalogue } from '../errors.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import type { PortSelector } from '../model/intercept.ts';
import { selectAll, selectConnections } from './select-connections.ts';
import { aContainer, aService, aWorkload, httpPort, planned } from './testing/samples.ts';

const app = aContainer(
  'app',
  { name: 'http', containerPort: 8080 },
  { name: 'dns', containerPort: 53, protocol: 'UDP' },
);
const admin = aContainer('admin', { name: 'admin', containerPort: 9000 });
const workload = aWorkload({ containers: [app, admin] });
const web = aService('web', [httpPort('http')]);
const multi = aService('multi', [
  httpPort('http'),
  { name: 'admin', port: 81, targetPort: 'admin' },
  { name: 'dns', port: 80, targetPort: 'dns', protocol: 'UDP' },
]);
const one = planned(workload, [web]);
const many = planned(workload, [web, multi]);

function selected(config: AgentConfig, selector: PortSelector): readonly string[] {
  const result = selectConnections(config, selector);
  if (!result.ok) throw result.error;
  return result.connections.map(
    ({ container, serviceName, servicePort, protocol }) => `${container} ${serviceName}:${servicePort}/${protocol}`,
  );
}

function refusal(config: AgentConfig, selector: PortSelector) {
  const result = selectConnections(config, selector);
  return result.ok ? undefined : result.error;
}

describe('selecting a connection', () => {
  it('takes the only one there is', () => {
    expect(selected(one, {})).toEqual(['app web:80/TCP']);
  });

  it.each([
    [{ service: 'web' }, 'app web:80/TCP'],
    [{ port: 'admin' }, 'admin multi:81/TCP'],
    [{ port: 81 }, 'admin multi:81/TCP'],
    [{ port: '81' }, 'admin multi:81/TCP'],
    [{ service: 'multi', port: 80, protocol: 'UDP' }, 'app multi:80/UDP'],
    [{ service: 'multi', port: 'dns' }, 'app multi:80/UDP'],
    [{ container: 'admin' }, 'admin multi:81/TCP'],
    [{ protocol: 'UDP' }, 'app multi:80/UDP'],
  ] satisfies [PortSelector, string][])('finds it by %j', (selector, expected) => {
    expect(selected(many, selector)).toEqual([expected]);
  });

  it.each([
    [
      {},
      'has 4 interceptable ports: name the service, the port or both',
      ['multi:http', 'multi:dns/UDP', 'web:http', 'multi:admin'],
    ],
    [{ port: 'http' }, 'has 2 interceptable ports http: name the service', ['multi:http', 'web:http']],
    [
      { service: 'multi' },
      'has 3 interceptable ports of service multi: name the port',
      ['multi:http', 'multi:dns/UDP', 'multi:admin'],
    ],
    [
      { service: 'multi', port: 80 },
      'has 2 interceptable ports 80 of service multi: name the protocol',
      ['multi:http', 'multi:dns/UDP'],
    ],
  ] satisfies [PortSelector, string, string[]][])('asks for more than %j', (selector, message, candidates) => {
    expect(refusal(many, selector)).toMatchObject({
      code: 'ambiguous-port',
      category: 'user',
      message: `deployment/cart ${message}`,
      candidates,
    });
  });

  it.each([
    [{ port: 9999 }, 'no interceptable port 9999'],
    [{ service: 'nil' }, 'no interceptable port of service nil'],
    [
      { service: 'web', port: 'x', protocol: 'TCP', container: 'c' },
      'no interceptable port x for TCP of service web in container c',
    ],
  ] satisfies [PortSelector, string][])('names what was searched when %j finds nothing', (selector, message) => {
    expect(refusal(many, selector)).toMatchObject({
      code: 'no-such-port',
      message: `deployment/cart has ${message}`,
      candidates: ['multi:http', 'multi:dns/UDP', 'web:http', 'multi:admin'],
    });
  });

  it('tells the service port of a container port that was taken for one', () => {
    expect(refusal(one, { port: 8080 })?.hint).toBe('8080 is a container port; its traffic comes through web:http.');
  });

  it('gives no such hint when no port was asked for, or when the port is there in another service', () => {
    const numeric = planned(aWorkload({ containers: [aContainer('app', { containerPort: 8080 })] }), [
      aService('web', [httpPort(8080)]),
    ]);

    expect(refusal(numeric, { service: 'nil' })?.hint).toBe(errorCatalogue['no-such-port'].hint);
    expect(refusal(one, { service: 'nil', port: 'http' })?.hint).toBe(errorCatalogue['no-such-port'].hint);
  });

  it('calls a config broken that declares one service port twice', () => {
    const [container] = one.containers;
    const twice = { ...one, containers: container ? [container, { ...container, name: 'copy' }] : [] };

    expect(refusal(twice, { service: 'web', port: 'http' })).toMatchObject({
      code: 'bad-config',
      message: 'the agent config of deployment/cart declares web:http more than once',
    });
  });

  it('finds a connection without a service by its container port', () => {
    const annotations = { 'fairlead.dev/inject-container-ports': 'all' };
    const direct = planned(aWorkload({ containers: [app, admin], annotations }), []);

    expect(selected(direct, { port: 'admin' })).toEqual(['admin :0/TCP']);
    expect(selected(direct, { port: 8080 })).toEqual(['app :0/TCP']);
    expect(refusal(direct, {})).toMatchObject({
      message: 'deployment/cart has 3 interceptable ports: name the port',
      candidates: ['container/app:http', 'container/app:dns/UDP', 'container/admin:admin'],
    });
  });
});

describe('selecting several connections', () => {
  const ports = (selectors: readonly PortSelector[], config = many) => {
    const result = selectAll(config, selectors);
    return result.ok
      ? result.connections.map((each) => `${each.serviceName}:${each.servicePortName}`)
      : result.error.code;
  };

  it('keeps their order and merges those named twice', () => {
    const selectors = [{ port: 'admin' }, { service: 'web' }, { port: 81 }, { service: 'multi', port: 'admin' }];

    expect(ports(selectors)).toEqual(['multi:admin', 'web:http']);
  });

  it('takes the only one there is when nothing is named', () => {
    expect(ports([], one)).toEqual(['web:http']);
    expect(ports([])).toBe('ambiguous-port');
  });

  it('is refused by the first that is not clear', () => {
    expect(ports([{ port: 'admin' }, { port: 'http' }, { port: 'nil' }])).toBe('ambiguous-port');
  });

  it('tells two ports of one name apart by their numbers', () => {
    const twins = aContainer('app', { name: 'http', containerPort: 8080 }, { name: 'http', containerPort: 8081 });
    const annotations = { 'fairlead.dev/inject-container-ports': 'all' };

    expect(refusal(planned(aWorkload({ containers: [twins], annotations }), []), {})).toMatchObject({
      code: 'ambiguous-port',
      candidates: ['container/app:8080', 'container/app:8081'],
    });
  });
});
