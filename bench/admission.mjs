import { fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:https';
import { stop } from './processes.mjs';
import { aWorkload } from './scale/samples.mjs';

const script = new URL('./subjects/admission-server.mjs', import.meta.url).pathname;

/** A review of a new pod of the workload, as an API server sends it. */
export function aReview() {
  const { name, namespace, template } = aWorkload('app');
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-1`, uid: 'uid-1', controller: true };
  const metadata = { ...template.metadata, generateName: `${name}-1-`, ownerReferences: [owner] };
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '00000000-0000-4000-8000-000000000000',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      operation: 'CREATE',
      namespace,
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller', groups: [] },
      object: { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec },
    },
  });
}

/** Starts the admission server, or with a length a bare HTTPS server whose answers have it. */
export async function startAdmission(length) {
  const child = fork(script, length === undefined ? [] : [String(length)]);
  const [{ port }] = await once(child, 'message');
  return { url: `https://127.0.0.1:${port}/pods`, stop: () => stop(child) };
}

/** What is answered to a review. The certificate is of an authority that nobody knows. */
export async function answerTo(url, review) {
  const headers = { 'content-type': 'application/json' };
  const sent = request(url, { method: 'POST', headers, rejectUnauthorized: false, agent: false }).end(review);
  const [response] = await once(sent, 'response');
  return (await response.toArray()).join('');
}
