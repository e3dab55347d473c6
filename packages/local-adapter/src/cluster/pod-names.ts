import { createHash, randomInt } from 'node:crypto';
import { canonicalJson, type Workload } from '@fairlead/core';

/** The characters that Kubernetes uses: no vowels, so no words. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** The hash of a pod template as it stands in pod names and in the label `pod-template-hash`. */
export function templateHash(workload: Workload): string {
  const bytes = createHash('sha256').update(canonicalJson(workload.template)).digest().subarray(0, 10);
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('');
}

/** A fresh name for a pod of a Deployment (`cart-<hash>-<5>`) or ReplicaSet (`cart-<5>`). */
export function freshPodName(workload: Workload): string {
  const suffix = Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return workload.kind === 'Deployment'
    ? `${workload.name}-${templateHash(workload)}-${suffix}`
    : `${workload.name}-${suffix}`;
}

/** The name of a StatefulSet's pod. */
export function ordinalPodName(workload: Workload, ordinal: number): string {
  return `${workload.name}-${ordinal}`;
}
