import { expect, it } from 'vitest';
import { withoutH2c } from './without-h2c.ts';

function head(...lines: readonly string[]): string {
  return `${['GET / HTTP/1.1', ...lines].join('\r\n')}\r\n\r\n`;
}

it('takes the offer of h2c out, and what belongs to it', () => {
  const offered = head(
    'Host: s',
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMA',
    'X: y',
  );

  expect(withoutH2c(offered)).toBe(head('Host: s', 'X: y'));
});

it('leaves other offers and members', () => {
  const offered = head(
    'Connection: keep-alive, upgrade, http2-settings',
    'Upgrade: websocket, h2c',
    'http2-settings: A',
  );

  expect(withoutH2c(offered)).toBe(head('Connection: keep-alive, upgrade', 'Upgrade: websocket'));
});

it('leaves heads without it alone', () => {
  expect(withoutH2c(head('Connection: Upgrade', 'Upgrade: websocket'))).toBeUndefined();
  expect(withoutH2c(head('X-Upgrade: h2c'))).toBeUndefined();
});
