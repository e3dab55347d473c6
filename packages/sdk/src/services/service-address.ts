import { FairleadError, type WantedService } from '@fairlead/core';

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const serviceName = new RegExp(`^(${label})(?:\\.(${label})(?:\\.svc(?:\\.[-.a-z0-9]+)?)?)?$`);

/**
 * The Service that a host name means, as pods would write it: `cart`, `cart.shop`, `cart.shop.svc`,
 * `cart.shop.svc.cluster.local`. Fails with `bad-request` on what is no name of a Service, such as an address.
 */
export function serviceOfHost(host: string, namespace: string): Omit<WantedService, 'port'> {
  const [, service, other] = serviceName.exec(host.toLowerCase()) ?? [];
  if (service !== undefined && !/^[\d.]+$/.test(host)) return { service, namespace: other ?? namespace };
  throw new FairleadError('bad-request', `${JSON.stringify(host)} is no name of a Service`, {
    phase: 'input',
    hint: 'Write service or service.namespace, as pods do; nothing else of the cluster can be reached.',
  });
}

/** A Service with its port: `orders.shop:5432`, `cart:http`; without a port the only one. Fails with `bad-request`. */
export function parseServiceAddress(address: string, namespace: string): WantedService {
  const [host = '', port, ...more] = address.split(':');
  if (more.length > 0 || port === '') {
    throw new FairleadError('bad-request', `${JSON.stringify(address)} is not service:port`, { phase: 'input' });
  }
  const wanted = serviceOfHost(host, namespace);
  if (port === undefined) return wanted;
  return { ...wanted, port: /^\d+$/.test(port) ? Number(port) : port };
}
