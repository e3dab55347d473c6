import { text } from 'node:stream/consumers';
import { type ManifestSet, type ManifestSource, readManifests } from '@fairlead/local-adapter';

/** Reads the manifests that `-f` names; `-` is stdin. */
export async function manifestsFromArguments(
  files: readonly string[],
  options: { readonly namespace?: string | undefined; readonly signal: AbortSignal },
): Promise<ManifestSet> {
  const sources = await Promise.all(
    files.map(
      async (file): Promise<ManifestSource> =>
        file === '-' ? { name: 'stdin', text: await text(process.stdin) } : file,
    ),
  );
  return readManifests(sources, {
    signal: options.signal,
    ...(options.namespace !== undefined && { namespace: options.namespace }),
  });
}
