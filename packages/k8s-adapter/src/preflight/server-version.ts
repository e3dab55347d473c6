import { type CallOptions, FairleadError } from '@fairlead/core';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';

/** The version of an API server. */
export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  /** As the server writes it: `v1.20.2`. */
  readonly text: string;
}

/** The oldest server that Fairlead works with: CRDs, leases and admission in their stable versions. */
export const oldestServer: { readonly major: number; readonly minor: number } = { major: 1, minor: 20 };

/** Asks the server what it is. Fails as any request does: `unreachable`, `forbidden`, `timeout`. */
export async function readServerVersion(
  connection: KubernetesConnection,
  options: CallOptions = {},
): Promise<ServerVersion> {
  const said = await connection.request<{ major?: string; minor?: string; gitVersion?: string }>(
    { verb: 'read the version', method: 'GET', path: '/version' },
    options,
  );
  // Some providers write `20+`.
  const [major, minor] = [said.major, said.minor].map((part) => Number.parseInt(part ?? '', 10));
  return { major: major || 0, minor: minor || 0, text: said.gitVersion ?? `v${said.major}.${said.minor}` };
}

/** Whether Fairlead works with a server of this version. One that does not tell its version is believed in. */
export function isSupported({ major, minor }: ServerVersion): boolean {
  if (major === 0) return true;
  return major > oldestServer.major || (major === oldestServer.major && minor >= oldestServer.minor);
}

/** Fails with `unsupported` when the server is too old. */
export function checkVersion(version: ServerVersion): void {
  if (isSupported(version)) return;
  const { major, minor } = oldestServer;
  throw new FairleadError(
    'unsupported',
    `Kubernetes ${version.text} is too old: Fairlead needs ${major}.${minor} or newer`,
  );
}
