import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anIntercept, anInterceptRequest, anInterceptSpec } from '../testing/intercept-fixtures.ts';
import type { AdmissionDecision } from './admission-decision.ts';
import { admitIntercept } from './admit-intercept.ts';
import { interceptLimits } from './check-intercept-spec.ts';
import { maxGroups } from './requester.ts';

const options = { managerUser: 'system:serviceaccount:fairlead:fairlead-manager' };
const ada = { user: 'ada', groups: ['developers', 'system:authenticated'] };

function create(spec: unknown): AdmissionDecision {
  return admitIntercept(anInterceptRequest(anIntercept(spec)), options).decision;
}

function update(before: unknown, after: unknown, metadata: object = {}): AdmissionDecision {
  const fields = { operation: 'UPDATE' as const, oldObject: anIntercept(before) };
  return admitIntercept(anInterceptRequest(anIntercept(after, metadata), fields), options).decision;
}

describe('creating an intercept', () => {
  it('writes the requester into it', () => {
    expect(create(anInterceptSpec())).toEqual({
      allowed: true,
      patch: [{ op: 'add', path: '/spec/requester', value: ada }],
      warnings: [],
    });
  });

  it.each([
    ['somebody else', { user: 'root', groups: ['system:masters'] }],
    ['something else', 'root'],
    ['nothing', null],
  ])('overwrites %s whom the client wrote there', (_what, requester) => {
    expect(create(anInterceptSpec({ requester }))).toMatchObject({
      allowed: true,
      patch: [{ op: 'add', path: '/spec/requester', value: ada }],
    });
  });

  it('fills in what may be left out', () => {
    const { ports: _, ...spec } = anInterceptSpec({ workload: { name: 'cart' } });

    expect(create(spec)).toMatchObject({
      patch: [
        { path: '/spec/requester' },
        { op: 'add', path: '/spec/workload/namespace', value: 'shop' },
        { op: 'add', path: '/spec/ports', value: [] },
      ],
    });
  });

  it('refuses one where the traffic-manager does not look after the namespace, and says so (case 35)', () => {
    const bound = { ...options, isManaged: (namespace: string) => namespace === 'web' };

    expect(admitIntercept(anInterceptRequest(), bound)).toMatchObject({
      outcome: 'refused',
      decision: { allowed: false, code: 403, message: expect.stringContaining('does not look after namespace shop') },
    });
    expect(admitIntercept(anInterceptRequest(), { ...bound, isManaged: () => true }).decision.allowed).toBe(true);
    expect(admitIntercept(anInterceptRequest(anIntercept(), { dryRun: true }), bound).decision.allowed).toBe(true);
  });

  it('names every group once, and only so many', () => {
    const groups = Array.from({ length: maxGroups + 10 }, (_, index) => `group-${index}`);
    const request = anInterceptRequest(anIntercept(), { user: { username: 'ada', groups: ['group-0', ...groups] } });

    const { decision } = admitIntercept(request, options);

    expect(decision).toMatchObject({
      patch: [{ value: { user: 'ada', groups: groups.slice(0, maxGroups) } }],
      warnings: [expect.stringContaining('10 of your groups')],
    });
  });

  it('refuses a request of nobody', () => {
    const request = anInterceptRequest(anIntercept(), { user: { username: '', groups: [] } });

    expect(admitIntercept(request, options)).toMatchObject({ outcome: 'refused', decision: { code: 403 } });
  });

  it.each([
    ['mode', { mode: 'steal' }, 'spec.mode must be intercept, wiretap or removal'],
    ['no mode', { mode: undefined }, 'spec.mode'],
    ['no workload', { workload: undefined }, 'spec.workload'],
    ['no name', { workload: { kind: 'Deployment' } }, 'spec.workload.name'],
    ['name', { workload: { name: 'Cart!' } }, 'spec.workload.name is not a name'],
    ['long name', { workload: { name: 'a'.repeat(254) } }, 'spec.workload.name is longer'],
    ['kind', { workload: { kind: 'Job', name: 'cart' } }, 'spec.workload.kind must be one of Deployment'],
    ['namespace', { workload: { name: 'cart', namespace: 'other' } }, 'spec.workload.namespace must be shop'],
    ['ports that are no list', { ports: {} }, 'spec.ports must be a list'],
    ['too many ports', { ports: Array(interceptLimits.ports + 1).fill({ port: 80 }) }, 'spec.ports has more than 64'],
    ['port 0', { ports: [{ port: 80 }, { port: 0 }] }, 'spec.ports[1].port is neither'],
    ['port 65536', { ports: [{ port: 65_536 }] }, 'spec.ports[0].port'],
    ['half a port', { ports: [{ port: 80.5 }] }, 'spec.ports[0].port'],
    ['port name', { ports: [{ port: 'a b' }] }, 'spec.ports[0].port'],
    ['port in a text', { ports: [{ port: '70000' }] }, 'spec.ports[0].port'],
    ['protocol', { ports: [{ protocol: 'SCTP' }] }, 'spec.ports[0].protocol must be TCP or UDP'],
    ['unknown field of a port', { ports: [{ prot: 'TCP' }] }, 'spec.ports[0].prot is not known, there are port'],
    ['toggle', { toggle: 'later' }, 'spec.toggle must be drain or cut'],
    ['includeProbes', { includeProbes: 'yes' }, 'spec.includeProbes must be true or false'],
    ['misspelt match', { macth: { headers: {} } }, 'spec.macth is not known'],
    ['no session', { session: undefined }, 'spec.session'],
    [
      'fingerprint',
      { session: { id: 's', fingerprint: 'F1'.repeat(32), label: '' } },
      'spec.session.fingerprint must be a SHA-256',
    ],
    ['no fingerprint', { session: { id: 's', label: '' } }, 'spec.session.fingerprint'],
    ['empty id', { session: { id: '', fingerprint: 'f1'.repeat(32), label: '' } }, 'spec.session.id is empty'],
    [
      'long label',
      { session: { id: 's', fingerprint: 'f1'.repeat(32), label: 'x'.repeat(257) } },
      'spec.session.label is longer',
    ],
  ])('refuses a wrong spec: %s', (_what, fields, message) => {
    const decision = create(JSON.parse(JSON.stringify(anInterceptSpec(fields))));

    expect(decision).toMatchObject({ allowed: false, code: 422, message: expect.stringContaining(message) });
  });

  it.each([
    ['empty', {}, 'it would take everything'],
    ['null, which could be read as everything', null, 'must be an object'],
    ['of an unknown kind', { header: { a: 'b' } }, 'did you mean headers?'],
    ['with a regex that cannot be compiled', { path: { regex: '(' } }, 'path'],
    ['that is too deep', Array.from({ length: 99 }).reduce((inner) => ({ not: inner }), {}), 'nests deeper'],
  ])('refuses a match that is %s', (_what, match, message) => {
    expect(create(anInterceptSpec({ match }))).toMatchObject({
      allowed: false,
      code: 422,
      message: expect.stringContaining(message),
    });
  });

  it('tells all problems at once', () => {
    expect(create({ mode: 'x', workload: {}, session: {} })).toMatchObject({
      message: expect.stringMatching(/spec\.mode.*spec\.workload\.name is missing.*spec\.session\.id is missing/),
    });
  });

  it.each([
    ['numbers as text', { ports: [{ port: '80' }, { port: 443, service: 'cart', container: 'app', protocol: 'UDP' }] }],
    ['no ports', { ports: [] }],
    ['everything', { mode: 'wiretap', match: undefined, toggle: 'cut', includeProbes: true }],
  ])('accepts %s', (_what, fields) => {
    expect(create(anInterceptSpec(fields))).toMatchObject({ allowed: true });
  });

  it.each([
    ['no spec', anIntercept(null)],
    ['a list as spec', anIntercept([])],
  ])('refuses an object with %s', (_what, object) => {
    expect(admitIntercept(anInterceptRequest(object), options).decision).toMatchObject({ allowed: false, code: 422 });
  });

  it('stamps what it allows with whoever asks, whatever is in it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.string({ minLength: 1 }), (spec, requester, username) => {
        const isRecord = typeof spec === 'object' && spec !== null && !Array.isArray(spec);
        const given = isRecord ? { ...anInterceptSpec(), ...spec, requester } : spec;
        const request = anInterceptRequest(anIntercept(given), { user: { username, groups: [] } });

        const { decision } = admitIntercept(request, options);

        if (decision.allowed) {
          expect(decision.patch[0]).toEqual({
            op: 'add',
            path: '/spec/requester',
            value: { user: username, groups: [] },
          });
        } else {
          expect(decision.code).toBe(422);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('updating an intercept', () => {
  const stamped = anInterceptSpec({ requester: ada });

  it('lets labels and annotations change', () => {
    expect(update(stamped, stamped, { labels: { team: 'cart' } })).toMatchObject({ allowed: true, patch: [] });
  });

  it('does not mind the order of fields', () => {
    const turned = Object.fromEntries(Object.entries(stamped).reverse());

    expect(update(stamped, turned)).toMatchObject({ allowed: true });
  });

  it.each([
    ['spec.requester', { requester: { user: 'eve', groups: [] } }],
    ['spec.requester', { requester: undefined }],
    ['spec.workload', { workload: { kind: 'Deployment', name: 'payment', namespace: 'shop' } }],
    ['spec.session.fingerprint', { session: { ...(stamped.session as object), fingerprint: 'e0'.repeat(32) } }],
    ['spec.session.id', { session: { ...(stamped.session as object), id: 'session-2' } }],
    ['spec.session', { session: undefined }],
    ['spec.match', { match: undefined }],
    ['spec.match', { match: { headers: { 'x-user': 'eve' } } }],
    ['spec.ports', { ports: [] }],
    ['spec.mode', { mode: 'wiretap' }],
    ['spec.surprise', { surprise: true }],
  ])('refuses another %s, and names it', (field, fields) => {
    const decision = update(stamped, JSON.parse(JSON.stringify({ ...stamped, ...fields })));

    expect(decision).toMatchObject({
      allowed: false,
      code: 403,
      message: expect.stringMatching(new RegExp(`^${field.replaceAll('.', '\\.')} of an intercept cannot be changed`)),
    });
  });

  it('does not let a requester be added later', () => {
    expect(update(anInterceptSpec(), stamped)).toMatchObject({ allowed: false });
  });

  it('refuses what has no spec on either side', () => {
    expect(update(null, stamped)).toMatchObject({ allowed: false });
    expect(update(stamped, null)).toMatchObject({ allowed: false });
  });

  it('lets only the manager write the status', () => {
    const fields = { operation: 'UPDATE' as const, subResource: 'status', oldObject: anIntercept(stamped) };
    const by = (username: string): AdmissionDecision =>
      admitIntercept(anInterceptRequest(anIntercept(stamped), { ...fields, user: { username, groups: [] } }), options)
        .decision;

    expect(by(options.managerUser)).toMatchObject({ allowed: true, patch: [] });
    expect(by('ada')).toMatchObject({ allowed: false, code: 403 });
  });
});

describe('the admission of intercepts', () => {
  it('has nothing against their end', () => {
    const request = anInterceptRequest(anIntercept(), { operation: 'DELETE' });

    expect(admitIntercept(request, options)).toMatchObject({ outcome: 'unchanged', decision: { allowed: true } });
  });

  it('refuses to decide about anything else, and tells what to correct', () => {
    const resource = { group: 'apps', version: 'v1', resource: 'deployments' };

    expect(admitIntercept(anInterceptRequest(anIntercept(), { resource }), options).decision).toMatchObject({
      allowed: false,
      code: 400,
      message: expect.stringContaining('deployments.apps. Correct the rules of the webhook configuration'),
    });
  });

  it('refuses when it fails itself', () => {
    const request = anInterceptRequest();
    Object.defineProperty(request, 'object', {
      get: () => {
        throw new Error('defect');
      },
    });

    expect(admitIntercept(request, options)).toMatchObject({
      outcome: 'failed-closed',
      decision: { allowed: false, code: 500 },
    });
  });
});
