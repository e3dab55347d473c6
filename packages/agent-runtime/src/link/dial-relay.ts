import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { type Clock, FairleadError } from '@fairlead/core';
import type { AgentSettings } from '../settings/agent-settings.ts';

const dialMs = 5_000;
/** What goes there does not leave this machine. */
const ownMachine = /^(127\.|::1$|localhost$)/;

/**
 * A connection to the relay: by TLS, once it has proven who it is. Without authorities only a relay on this machine is
 * dialled, since the first thing that is said is a secret. Fails with `unreachable` and the cause.
 */
export async function dialRelay(settings: AgentSettings, clock: Clock, signal: AbortSignal): Promise<Socket> {
  const { managerHost: host, managerPort: port } = settings.config;
  const ca = await settings.readCa?.();
  signal.throwIfAborted();
  if (ca === undefined && !ownMachine.test(host)) {
    throw new FairleadError(
      'unreachable',
      `nobody has told by which authorities the relay at ${host}:${port} is known`,
    );
  }
  const servername = isIP(host) === 0 ? host : '';
  // Loaded when it is needed: TLS takes memory, and an agent of the embedded cluster has no use for it.
  const socket =
    ca === undefined
      ? connect({ host, port, noDelay: true })
      : (await import('node:tls')).connect({ host, port, ca, servername, minVersion: 'TLSv1.3' });
  socket.setNoDelay(true);
  using _limit = clock.after(dialMs, () => socket.destroy(new Error(`no answer within ${dialMs} ms`)));
  try {
    await once(socket, ca === undefined ? 'connect' : 'secureConnect', { signal });
    return socket;
  } catch (cause) {
    socket.on('error', () => {});
    socket.destroy();
    signal.throwIfAborted();
    throw FairleadError.from(cause, 'unreachable', `the relay at ${host}:${port} cannot be reached`);
  }
}
