import { FairleadError } from '@fairlead/core';
import * as v from 'valibot';
import { isObject, type JsonObject } from '../carries.ts';

/** What an API server asks, as far as it is read. */
export interface AdmissionRequest {
  /** Has to come back in the answer. */
  readonly uid: string;
  readonly operation: AdmissionOperation;
  /** What the operation is about: `pods` of the group with the empty name, say. */
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  /** For example `status`; empty for the object itself. */
  readonly subResource: string;
  /** Empty for objects without one. */
  readonly namespace: string;
  /** Empty when the API server is still to make it up. */
  readonly name: string;
  /** Who asks, as the API server knows it; an impersonated user where one acts for another. */
  readonly user: { readonly username: string; readonly groups: readonly string[] };
  /** The object as it is to be; absent on DELETE. */
  readonly object: JsonObject | undefined;
  /** The object as it is; absent on CREATE. */
  readonly oldObject: JsonObject | undefined;
  /** Nothing will come of it, so nothing may be written for it. */
  readonly dryRun: boolean;
}

/** What may happen to an object. */
export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** The version of AdmissionReview that is spoken. */
export const reviewVersion = 'admission.k8s.io/v1';

const maxProblems = 5;

const text = v.nullish(v.pipe(v.string('must be a text'), v.maxLength(1024, 'is too long')), '');
const required = v.pipe(v.string('must be a text'), v.nonEmpty('is empty'), v.maxLength(1024, 'is too long'));
const record = ({ received }: { readonly received: string }): string =>
  received === 'undefined' ? 'is missing' : 'must be an object';
const object = v.nullish(v.custom<JsonObject>(isObject, 'must be an object'));

const reviewSchema = v.object(
  {
    apiVersion: v.literal(reviewVersion, `must be ${reviewVersion}`),
    kind: v.literal('AdmissionReview', 'must be AdmissionReview'),
    request: v.object(
      {
        uid: required,
        operation: v.picklist(['CREATE', 'UPDATE', 'DELETE', 'CONNECT'], 'must be an operation'),
        resource: v.object({ group: text, version: text, resource: required }, record),
        subResource: text,
        namespace: text,
        name: text,
        userInfo: v.nullish(
          v.object({ username: text, groups: v.nullish(v.array(v.string('must be a text'), 'must be a list'), []) }),
          {},
        ),
        object,
        oldObject: object,
        dryRun: v.nullish(v.boolean('must be true or false'), false),
      },
      record,
    ),
  },
  record,
);

/** Reads a review as it came over the wire. Fails with `bad-request`, naming what is wrong. */
export function parseAdmissionReview(raw: unknown): AdmissionRequest {
  const result = v.safeParse(reviewSchema, raw);
  if (!result.success) {
    const problems = result.issues
      .slice(0, maxProblems)
      .map((issue) => `${v.getDotPath(issue) ?? 'it'} ${issue.message}`);
    throw new FairleadError('bad-request', `not an AdmissionReview: ${problems.join('; ')}`, { phase: 'input' });
  }
  const { userInfo, object: fresh, oldObject, ...request } = result.output.request;
  return { ...request, user: userInfo, object: fresh ?? undefined, oldObject: oldObject ?? undefined };
}
