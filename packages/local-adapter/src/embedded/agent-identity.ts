import { createHash, timingSafeEqual } from 'node:crypto';
import { type AgentHello, sameWorkload } from '@fairlead/core';
import type { Verdict } from '@fairlead/relay';
import type { LocalCluster } from '../cluster/local-cluster.ts';

/** Whether an agent is the pod that it says it is: its token must be that pod's. */
export async function verifyAgent(hello: AgentHello, cluster: LocalCluster): Promise<Verdict> {
  const pod = cluster.podOfToken((token) => isSame(token, hello.token));
  if (pod === undefined) return { ok: false, reason: 'the token is of no pod of this cluster' };
  if (pod.name !== hello.pod.name || pod.uid !== hello.pod.uid) {
    return { ok: false, reason: `the token is not of pod ${hello.pod.name}` };
  }
  const owner = await cluster.resolver.ownerOf(pod);
  const isOwner = owner !== undefined && sameWorkload(owner, hello.workload);
  return isOwner ? { ok: true } : { ok: false, reason: `pod ${pod.name} is not one of the workload` };
}

/** Whether two texts are equal, in a time that tells nothing about where they differ. */
export function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
