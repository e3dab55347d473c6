import type { AdmissionRequest } from '../admission/admission-request.ts';
import { aPodRequest } from './admission-fixtures.ts';

/** The spec of an intercept that asks for what `x-user: ada` sends to Deployment `cart`. */
export function anInterceptSpec(fields: object = {}): Record<string, unknown> {
  return {
    mode: 'intercept',
    workload: { kind: 'Deployment', name: 'cart', namespace: 'shop' },
    ports: [{ port: 'web' }],
    match: { headers: { 'x-user': 'ada' } },
    session: { id: 'session-1', fingerprint: 'f1'.repeat(32), label: 'ada@laptop, pid 4711' },
    ...fields,
  };
}

/** An intercept object with this spec. */
export function anIntercept(spec: unknown = anInterceptSpec(), metadata: object = {}): Record<string, unknown> {
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Intercept',
    metadata: { name: 'first', namespace: 'shop', ...metadata },
    spec,
  };
}

/** Ada's request to create this intercept. */
export function anInterceptRequest(
  object: object = anIntercept(),
  fields: Partial<AdmissionRequest> = {},
): AdmissionRequest {
  return aPodRequest(object, {
    resource: { group: 'fairlead.dev', version: 'v1alpha1', resource: 'intercepts' },
    name: 'first',
    user: { username: 'ada', groups: ['developers', 'system:authenticated'] },
    ...fields,
  });
}
