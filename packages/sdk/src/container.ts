import type { Duplex } from 'node:stream';
import { type Clock, createSystemClock, type Logger, SilentLogger, type TunnelTransport, tokens } from '@fairlead/core';
import { Container, type ContainerModule, type ServiceIdentifier } from 'inversify';
import type { SessionPorts } from './session-ports.ts';

/** Ports that a caller hands in directly. */
export interface GivenPorts {
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** What was composed. Disposing deactivates what the modules made. */
export interface Composition extends AsyncDisposable {
  readonly ports: SessionPorts;
}

/** A module that binds ports; see {@link ConnectOptions}. */
export type { ContainerModule };

/**
 * Composes the ports of a session from the cluster's module. Later modules may bind any of them again: theirs stand in
 * front, the cluster's own wiring stays as it is.
 */
export async function composePorts(
  cluster: ContainerModule,
  modules: readonly ContainerModule[],
  given: GivenPorts,
): Promise<Composition> {
  const outer = new Container();
  await outer.loadAsync(cluster);
  const containers = [outer];
  for (const module of modules) {
    const inner = new Container({ parent: containers[0] as Container });
    await inner.loadAsync(module);
    containers.unshift(inner);
  }
  const front = containers[0] as Container;
  const get = <T>(token: ServiceIdentifier<T>): Promise<T> => front.getAsync(token);
  const perhaps = async <T>(token: ServiceIdentifier<T>): Promise<T | undefined> =>
    front.isBound(token) ? await get(token) : undefined;
  return {
    ports: {
      workloadResolver: await get(tokens.workloadResolver),
      agentConfigStore: await get(tokens.agentConfigStore),
      interceptRegistry: await get(tokens.interceptRegistry),
      // On Node every byte stream is a Duplex; core cannot say so.
      tunnelTransport: (await get(tokens.tunnelTransport)) as unknown as TunnelTransport<Duplex>,
      agentImageSource: await get(tokens.agentImageSource),
      rollout: await perhaps(tokens.rollout),
      preflight: await perhaps(tokens.preflight),
      diagnostics: await perhaps(tokens.diagnostics),
      clock: given.clock ?? (await perhaps(tokens.clock)) ?? systemClock(),
      logger: given.logger ?? (await perhaps(tokens.logger)) ?? new SilentLogger(),
    },
    async [Symbol.asyncDispose]() {
      for (const container of containers) await container.unbindAllAsync();
    },
  };
}

function systemClock(): Clock {
  return createSystemClock({ now: Date.now, setTimeout, clearTimeout });
}
