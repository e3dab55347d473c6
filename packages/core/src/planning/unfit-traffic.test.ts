import { describe, expect, it } from 'vitest';
import type { SelectedConnection } from '../model/intercept.ts';
import { unfitFor } from './unfit-traffic.ts';

const match = { headers: { 'x-user': 'ada' } };

function aConnection(protocol: 'TCP' | 'UDP'): SelectedConnection {
  return {
    container: 'app',
    containerPortName: 'dns',
    containerPort: 53,
    serviceName: 'names',
    serviceUID: '',
    servicePortName: 'dns',
    servicePort: 53,
    protocol,
    appProtocol: '',
    headless: false,
    targetPortNumeric: false,
    redirect: 'rename',
    agentPort: 9900,
  };
}

describe('a UDP port', () => {
  it('can be intercepted as a whole, alone or together with a TCP port', () => {
    expect(unfitFor({ mode: 'intercept' }, [aConnection('UDP')])).toBeUndefined();
    expect(unfitFor({}, [aConnection('TCP'), aConnection('UDP')])).toBeUndefined();
  });

  it.each([
    ['with a match', { mode: 'intercept', match } as const, /names:dns\/UDP.*match/],
    ['with a match in a dry run', { match }, /match/],
    ['by a wiretap', { mode: 'wiretap' } as const, /copies/],
  ])('cannot be had %s', (_how, spec, message) => {
    const error = unfitFor(spec, [aConnection('TCP'), aConnection('UDP')]);

    expect(error).toMatchObject({ code: 'unsupported', phase: 'plan', message: expect.stringMatching(message) });
  });

  it('does not stand in the way of a match on a TCP port', () => {
    expect(unfitFor({ mode: 'intercept', match }, [aConnection('TCP')])).toBeUndefined();
    expect(unfitFor({ mode: 'wiretap' }, [aConnection('TCP')])).toBeUndefined();
  });
});
