import { once } from 'node:events';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { type CallOptions, FairleadError } from '@fairlead/core';
import { listenRelay } from '@fairlead/relay';
import { Cleanup } from '../cluster/cleanup.ts';
import type { LocalCluster } from '../cluster/local-cluster.ts';
import { EmbeddedCluster } from '../embedded/embedded-cluster.ts';
import type { LocalOptions } from '../embedded/local-options.ts';
import { makeSocketDirectory, socketPlace } from './socket-place.ts';

/** Options of {@link serveLocalCluster}. */
export interface ServeOptions extends LocalOptions {
  /** The unix socket to listen on. Default: one in the user's runtime directory. */
  readonly socket?: string;
}

/** An embedded cluster that other processes of the same user can reach. */
export interface ServedCluster extends AsyncDisposable {
  readonly cluster: LocalCluster;
  /** Where it listens. */
  readonly socket: string;
}

/**
 * Runs an embedded cluster that other processes of this user reach with `localRemote`. Fails with `port-taken` when
 * another one listens on the socket, `forbidden` when its directory is somebody else's, else as `local` does.
 */
export async function serveLocalCluster(options: ServeOptions, call: CallOptions = {}): Promise<ServedCluster> {
  call.signal?.throwIfAborted();
  const place = socketPlace(options.socket);
  await makeSocketDirectory(place, options.socket === undefined);
  await clearAway(place.socket);
  const cleanup = new Cleanup();
  try {
    const embedded = cleanup.use(await EmbeddedCluster.start(options, call));
    cleanup.add(() =>
      Promise.all([place.socket, place.tokenFile].map((file) => rm(file, { force: true }))).then(() => {}),
    );
    // The token first: who finds the socket finds it as well.
    await rm(place.tokenFile, { force: true });
    await writeFile(place.tokenFile, embedded.identityProvider.credential.token, { mode: 0o600, flag: 'wx' });
    cleanup.use(await listenRelay(embedded.door, { path: place.socket }));
    await chmod(place.socket, 0o600);
    return {
      cluster: embedded.cluster,
      socket: place.socket,
      [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
    };
  } catch (thrown) {
    await cleanup[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** Removes a socket that a killed process left behind. */
async function clearAway(socket: string): Promise<void> {
  const probe = connect({ path: socket });
  try {
    await once(probe, 'connect');
  } catch {
    await rm(socket, { force: true });
    return;
  } finally {
    probe.destroy();
  }
  throw new FairleadError('port-taken', `an embedded cluster already listens on ${socket}`, {
    hint: 'End it first, or name another socket.',
  });
}
