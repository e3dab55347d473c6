import type { JsonPatchOperation } from '../ports/injector.ts';

/** The document after the patch, as RFC 6902 says. Throws when an operation does not fit the document as it is then. */
export function applyJsonPatch<T>(document: T, patch: readonly JsonPatchOperation[]): T {
  const root = { document: structuredClone(document) as unknown };
  for (const operation of patch) applyOne(root, operation);
  return root.document as T;
}

function applyOne(root: { document: unknown }, operation: JsonPatchOperation): void {
  const [...path] = ['document', ...operation.path.split('/').slice(1).map(unescapeStep)];
  const last = path.pop() as string;
  const parent = path.reduce((at: unknown, step) => member(at, step, operation), root);
  if (Array.isArray(parent)) applyToArray(parent, last, operation);
  else applyToObject(parent as Record<string, unknown>, last, operation);
}

function applyToArray(list: unknown[], step: string, operation: JsonPatchOperation): void {
  const at = step === '-' && operation.op === 'add' ? list.length : Number(step);
  const end = operation.op === 'add' ? list.length : list.length - 1;
  if (!Number.isInteger(at) || at < 0 || at > end) fail(operation);
  if (operation.op === 'add') list.splice(at, 0, operation.value);
  else if (operation.op === 'remove') list.splice(at, 1);
  else if (operation.op === 'replace') list[at] = operation.value;
  else check(list[at], operation);
}

function applyToObject(object: Record<string, unknown>, step: string, operation: JsonPatchOperation): void {
  if (typeof object !== 'object' || object === null) fail(operation);
  if (operation.op !== 'add' && !Object.hasOwn(object, step)) fail(operation);
  if (operation.op === 'remove') delete object[step];
  else if (operation.op === 'test') check(object[step], operation);
  else object[step] = operation.value;
}

function member(at: unknown, step: string, operation: JsonPatchOperation): unknown {
  const value = (at as Record<string, unknown> | null | undefined)?.[step];
  return value === undefined ? fail(operation) : value;
}

function check(found: unknown, operation: JsonPatchOperation & { readonly op: 'add' | 'replace' | 'test' }): void {
  if (JSON.stringify(found) !== JSON.stringify(operation.value)) fail(operation);
}

function fail(operation: JsonPatchOperation): never {
  throw new Error(`the patch cannot ${operation.op} ${operation.path}`);
}

function unescapeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
