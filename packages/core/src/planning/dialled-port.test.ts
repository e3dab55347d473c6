import { describe, expect, it } from 'vitest';
import type { Service } from '../model/service.ts';
import { dialledPort } from './dialled-port.ts';

const cart: Service = {
  namespace: 'shop',
  name: 'cart',
  uid: '',
  selector: { app: 'cart' },
  ports: [
    { name: 'http', port: 80 },
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'admin', port: 81 },
  ],
};

const of = (service: Partial<Service>, port?: string | number) => () =>
  dialledPort([{ ...cart, ...service }], { namespace: 'shop', service: 'cart', port });

describe('dialledPort', () => {
  it('finds a TCP port by name, by number, or because it is the only one', () => {
    expect(of({}, 'http')()).toBe(80);
    expect(of({}, 81)()).toBe(81);
    expect(of({ ports: [{ port: 5432 }] })()).toBe(5432);
  });

  it.each([
    ['another name', { name: 'web' }, 80, 'not-found'],
    ['another namespace', { namespace: 'bank' }, 80, 'not-found'],
    ['another port', {}, 8080, 'no-such-port'],
    ['a UDP port', {}, 'dns', 'no-such-port'],
    ['one of several ports', {}, undefined, 'ambiguous-port'],
    ['a Service that is a name for something outside', { type: 'ExternalName' }, 80, 'unsupported'],
    ['a Service whose endpoints somebody writes', { selector: {} }, 80, 'unsupported'],
  ])('refuses %s', (_, service, port, code) => {
    expect(of(service, port)).toThrow(expect.objectContaining({ code }));
  });
});
