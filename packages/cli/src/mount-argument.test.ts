import { expect, it } from 'vitest';
import { parseMountArgument } from './mount-argument.ts';

it('names a directory, and whether files may be changed in it', () => {
  expect(parseMountArgument('./cart')).toEqual({ directory: './cart', writable: false });
  expect(parseMountArgument('/tmp/a:b:rw')).toEqual({ directory: '/tmp/a:b', writable: true });
  expect(parseMountArgument('cart:ro')).toEqual({ directory: 'cart', writable: false });
});

it.each(['', ':rw', 'cart:', 'cart:rx', 'cart:rw:'])('refuses %j', (text) => {
  expect(() => parseMountArgument(text)).toThrow(/DIR or DIR:rw/);
});
