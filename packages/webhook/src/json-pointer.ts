import { FairleadError } from '@fairlead/core';

/** Where something is in a document, step by step: member names and list indexes. */
export type DocumentPath = readonly (string | number)[];

/** The path as a JSON Pointer (RFC 6901). The document itself is the empty text. */
export function formatPointer(path: DocumentPath): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The steps of a JSON Pointer. Fails with `bad-request` when it is not one. */
export function parsePointer(pointer: string): readonly string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) {
    throw new FairleadError('bad-request', `${JSON.stringify(pointer)} is not a JSON Pointer`);
  }
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
