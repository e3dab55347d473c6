import { describe, expect, it } from 'vitest';
import type { Service } from '../model/service.ts';
import { dialledAddress } from './dialled-address.ts';

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
  dialledAddress([{ ...cart, ...service }], { namespace: 'shop', service: 'cart', port });

describe('dialledAddress', () => {
  it('finds a TCP port by name, by number, or because it is the only one', () => {
    expect(of({}, 'http')()).toEqual({ namespace: 'shop', service: 'cart', port: 80 });
    expect(of({}, 81)().port).toBe(81);
    expect(of({ ports: [{ port: 5432 }] })().port).toBe(5432);
  });

  it('tells the address of a Service that has one', () => {
    expect(of({ clusterIP: '10.96.0.7' }, 80)().clusterIP).toBe('10.96.0.7');
    expect(of({ clusterIP: 'None' }, 80)()).not.toHaveProperty('clusterIP');
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
