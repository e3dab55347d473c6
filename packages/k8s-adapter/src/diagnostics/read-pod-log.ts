import type { CallOptions } from '@fairlead/core';
import { resourcePath } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';

/** Whose log is meant. */
export interface PodLog {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Of the container's life before its last restart. Default false. */
  readonly previous?: boolean;
}

/** Lines asked for; the API server cannot be asked for the last bytes. */
const tailLines = '10000';

/** Reads the last of a container's log: at most `maxBytes`, from the beginning of a line. */
export async function readPodLog(
  connection: KubernetesConnection,
  { namespace, pod, container, previous = false }: PodLog,
  { signal, maxBytes }: CallOptions & { readonly maxBytes: number },
): Promise<string> {
  const address = { namespace, name: pod, subresource: 'log' };
  const end = new AbortController();
  const query = { container, tailLines, timestamps: 'true', ...(previous && { previous: 'true' }) };
  const body = await connection.stream(
    {
      verb: 'get',
      method: 'GET',
      path: resourcePath(apiResources.pods, address),
      query,
      resource: apiResources.pods,
      address,
    },
    signal ? AbortSignal.any([signal, end.signal]) : end.signal,
  );
  const kept: Buffer[] = [];
  let bytes = 0;
  let isCut = false;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      kept.push(chunk);
      bytes += chunk.length;
      while (kept.length > 1 && bytes - (kept[0] as Buffer).length >= maxBytes) {
        bytes -= (kept.shift() as Buffer).length;
        isCut = true;
      }
    }
  } finally {
    end.abort();
  }
  const all = Buffer.concat(kept);
  if (!isCut && all.length <= maxBytes) return all.toString('utf8');
  const last = all.subarray(Math.max(0, all.length - maxBytes));
  return last.subarray(last.indexOf(10) + 1).toString('utf8');
}
