import type { FilesMount, Intercept } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import type { MountArgument } from '../mount-argument.ts';

/** Mounts the volumes of an intercepted container until the intercept ends, and tells when they are gone before. */
export async function mountVolumes(
  { progress, signal, tell }: Pick<CommandContext, 'progress' | 'signal' | 'tell'>,
  held: Intercept,
  { directory, writable }: MountArgument,
  container: string | undefined,
): Promise<FilesMount> {
  const mount = await held.mount(directory, { writable, container, signal });
  const volumes = await held.filesOf({ container }).volumes({ signal });
  const withheld = volumes.filter(({ access }) => access === 'withheld').map(({ path }) => path);
  tell({ type: 'mounted', directory: mount.directory, writable, withheld });
  progress.note(`volumes are mounted at ${mount.directory}, ${writable ? 'for writing' : 'read-only'}`);
  if (withheld.length > 0) {
    progress.note(`  without those that have Secrets: ${withheld.join(', ')}`);
    progress.note(
      '  share them by the annotation fairlead.dev/mount-policies of the pod, as in "tls=remote-read-only"',
    );
  }
  mount.signal.addEventListener(
    'abort',
    () => {
      if (!signal.aborted && mount.signal.reason?.code === 'mount-failed') progress.note(mount.signal.reason.message);
    },
    { once: true },
  );
  return mount;
}
