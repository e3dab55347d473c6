import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor } from './redactor.ts';

const secret = 'hunter2-and-more';

describe('text without secrets', () => {
  it.each([
    `authorization: Bearer ${secret}`,
    `Authorization: Basic ${secret}`,
    `{"headers":{"cookie":"a=${secret}; b=c"}}`,
    `set-cookie: session=${secret}; Path=/`,
    `"access_token": "${secret}"`,
    `DB_PASSWORD=${secret}`,
    `x-api-key: ${secret}`,
    `password: '${secret}'`,
    `postgres://ada:${secret}@db:5432/shop`,
    `GET /?token=${secret}&page=2`,
    `-----BEGIN EC PRIVATE KEY-----\n${secret}\n-----END EC PRIVATE KEY-----`,
    `-----BEGIN CERTIFICATE-----\n${secret} and the log was cut here`,
    `eyJhbGciOiJSUzI1NiJ9.eyJ${secret}.c2lnbmF0dXJl`,
    `${secret}${'QUJD'.repeat(40)}==`,
  ])('%s', (text) => {
    expect(new Redactor().text(`before ${text} after`)).not.toContain(secret);
  });

  it('is as it was where there is none', () => {
    const text =
      '{"level":"info","time":"2026-01-01T00:00:00Z","intercept":"shop/cart-1","hash":"' +
      `${'0123456789abcdef'.repeat(4)}","msg":"intercept changed its phase","url":"http://cart/items?page=2"}`;

    expect(new Redactor().text(text)).toBe(text);
  });

  it('has nothing of what was learned, whatever stands around it', () => {
    const long = fc
      .string({ minLength: 8 })
      .filter((value) => value.trim().length >= 8 && !'[redacted]'.includes(value));
    fc.assert(
      fc.property(long, fc.string(), fc.string(), (value, before, after) => {
        const redactor = new Redactor();
        redactor.learn(value);

        expect(redactor.text(`${before}${value}${after}`)).not.toContain(value);
      }),
    );
  });
});

describe('data without secrets', () => {
  it('has names of variables and no values, which are not in later text either', () => {
    const redactor = new Redactor();
    const valueFrom = { secretKeyRef: { name: 'db', key: 'password' } };

    const pod = redactor.data({
      kind: 'Pod',
      metadata: { name: 'cart-1', managedFields: [{ manager: 'kubectl' }] },
      spec: {
        containers: [
          {
            name: 'cart',
            env: [
              { name: 'DSN', value: secret },
              { name: 'PORT', value: '8080' },
              { name: 'KEY', valueFrom },
            ],
          },
        ],
      },
    });

    expect(pod).toEqual({
      kind: 'Pod',
      metadata: { name: 'cart-1' },
      spec: {
        containers: [
          {
            name: 'cart',
            env: [
              { name: 'DSN', value: '[redacted]' },
              { name: 'PORT', value: '[redacted]' },
              { name: 'KEY', valueFrom },
            ],
          },
        ],
      },
    });
    expect(redactor.text(`connecting with ${secret} on 8080`)).toBe('connecting with [redacted] on 8080');
  });

  it.each([
    [{ kind: 'Secret', data: { password: 'aHVudGVyMg==' } }],
    [{ users: [{ name: 'ada', user: { token: secret, 'client-key-data': 'aGVsbG8gd29ybGQ=' } }] }],
    [{ clientConfig: { caBundle: 'aGVsbG8gd29ybGQ=' } }],
    [{ annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"env":"${secret}"}` } }],
    [{ args: [`--password=${secret}`] }],
  ])('%j', (value) => {
    const clean = JSON.stringify(new Redactor().data(value));

    for (const word of [secret, 'aHVudGVyMg==', 'aGVsbG8gd29ybGQ=']) expect(clean).not.toContain(word);
  });
});
