import type { Socket } from 'node:net';
import { type CallOptions, tunnelUpgrade } from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { notUnderstood, requestUpgrade } from './upgrade-attempt.ts';

/** A port of a Service, by its name. */
export interface NamedServicePort {
  readonly namespace: string;
  readonly service: string;
  readonly port: string;
}

/**
 * Has the API server connect to a port of a Service, as its proxy does for requests: by one that is upgraded to bytes. Fails
 * with `forbidden`, `unreachable`, or `unsupported` where what is there, or what stands between, does not know the upgrade.
 */
export async function dialServiceProxy(
  connection: KubernetesConnection,
  { namespace, service, port }: NamedServicePort,
  { signal }: CallOptions,
): Promise<Socket> {
  const { path, protocol } = tunnelUpgrade;
  const address = { namespace, name: `${service}:${port}`, subresource: 'proxy' };
  const attempt = {
    connection,
    asked: { verb: 'get', resource: apiResources.services, address },
    ...(signal && { signal }),
  };
  return await requestUpgrade(attempt, {
    method: 'GET',
    protocol,
    suffix: path,
    take: (socket, { headers }) => {
      if (headers.upgrade === protocol) return socket;
      throw notUnderstood(protocol, attempt, new Error('the server agrees to another protocol'));
    },
  });
}
