import { FairleadError } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { apiResources } from './api-resources.ts';
import { ApiStatusError, apiStatusOf } from './api-status-error.ts';
import { translateError } from './translate-error.ts';

const attempt = {
  verb: 'create',
  resource: apiResources.intercepts,
  address: { namespace: 'shop' },
  server: 'https://api.example',
};

describe('a failure of the API server', () => {
  it.each([
    [400, 'BadRequest', 'bad-request'],
    [401, 'Unauthorized', 'forbidden'],
    [403, 'Forbidden', 'forbidden'],
    [404, 'NotFound', 'not-found'],
    [408, '', 'timeout'],
    [409, 'Conflict', 'stale-write'],
    [409, 'AlreadyExists', 'conflict'],
    [410, 'Expired', 'stale-write'],
    [413, '', 'bad-request'],
    [422, 'Invalid', 'bad-request'],
    [429, 'TooManyRequests', 'unreachable'],
    [500, 'InternalError', 'unreachable'],
    [503, '', 'unreachable'],
    [504, 'Timeout', 'timeout'],
  ])('of status %i %s becomes %s, with what was tried and what was said', (status, reason, code) => {
    const thrown = new ApiStatusError(status, reason, 'so it said');

    const error = translateError(thrown, attempt);

    expect(error).toMatchObject({
      code,
      message: 'cannot create intercepts.fairlead.dev in namespace shop: so it said',
    });
    expect(apiStatusOf(error)).toBe(thrown);
  });

  it('that lacks a right names verb, resource and namespace', () => {
    const { hint } = translateError(new ApiStatusError(403, 'Forbidden', 'no'), attempt);

    expect(hint).toContain('create intercepts.fairlead.dev in namespace shop');
  });

  it('on the way to it names the server and, for certificates, where to look', () => {
    const thrown = Object.assign(new Error('self-signed certificate'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });

    expect(translateError(thrown, attempt)).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('https://api.example cannot be reached: self-signed certificate'),
      hint: expect.stringContaining('certificate-authority'),
    });
  });

  it('that is ours already stays as it is', () => {
    const thrown = new FairleadError('timeout', 'too late');

    expect(translateError(thrown, attempt)).toBe(thrown);
  });
});
