import { describe, expect, it } from 'vitest';
import { bearerTokenOf, operatorWithToken } from './operator-token.ts';

const secret = 'a-secret-of-32-characters-or-so!';
const identity = { user: 'hooks', groups: [] };

describe('operatorWithToken', () => {
  it('knows whoever knows the secret, and nobody else', async () => {
    const identify = operatorWithToken(secret, identity);

    expect(await identify(secret, {})).toBe(identity);
    for (const token of ['', secret.slice(0, -1), `${secret} `, secret.toUpperCase()]) {
      expect(await identify(token, {})).toBeUndefined();
    }
  });

  it('refuses a secret that can be guessed', () => {
    expect(() => operatorWithToken('', identity)).toThrow(expect.objectContaining({ code: 'bad-config' }));
    expect(() => operatorWithToken('fifteen-letters', identity)).toThrow('less than 16 characters');
  });

  it('rejects with the reason of a signal that has aborted', async () => {
    const reason = new Error('not now');

    await expect(operatorWithToken(secret, identity)(secret, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});

describe('bearerTokenOf', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['Bearer a b', undefined],
    ['Bearer ', undefined],
    ['Basic abc', undefined],
    ['abc', undefined],
    [undefined, undefined],
  ])('reads %s as %s', (authorization, token) => {
    expect(bearerTokenOf({ headers: { ...(authorization !== undefined && { authorization }) } })).toBe(token);
  });
});
