import { describe, expect, it } from 'vitest';
import { needsNetAdmin } from './needs-net-admin.ts';
import { aService, aWorkload, httpPort, planned } from './testing/samples.ts';

describe('the need for NET_ADMIN', () => {
  it('is there with a single numeric target, and not with named ones only', () => {
    const named = aService('a', [httpPort('http')]);
    const numeric = aService('b', [httpPort(8080)]);

    expect(needsNetAdmin(planned(aWorkload(), [named]))).toBe(false);
    expect(needsNetAdmin(planned(aWorkload(), [named, numeric]))).toBe(true);
  });
});
