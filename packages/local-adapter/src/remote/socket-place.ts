import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FairleadError } from '@fairlead/core';

/** Where a running cluster can be reached by other processes of its user. */
export interface SocketPlace {
  readonly socket: string;
  /** The file with the secret that calls must show. */
  readonly tokenFile: string;
}

/** The place that a socket path means; without one the user's own. */
export function socketPlace(socket?: string): SocketPlace {
  const chosen = socket === undefined ? path.join(runtimeDirectory(), 'local.sock') : path.resolve(socket);
  return { socket: chosen, tokenFile: `${chosen}.token` };
}

function runtimeDirectory(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  const name = `fairlead-${process.getuid?.() ?? 'user'}`;
  return runtime ? path.join(runtime, 'fairlead') : path.join(tmpdir(), name);
}

/**
 * Makes the socket's directory, for this user only. Fails with `forbidden` when somebody else could have put something
 * there.
 */
export async function makeSocketDirectory({ socket }: SocketPlace, isOwn: boolean): Promise<void> {
  const directory = path.dirname(socket);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!isOwn) return;
  const facts = await lstat(directory);
  if (!facts.isDirectory() || (process.getuid !== undefined && facts.uid !== process.getuid())) {
    throw new FairleadError('forbidden', `${directory} belongs to another user`, {
      hint: 'Name another socket, in a directory that is yours.',
    });
  }
  await chmod(directory, 0o700);
}
