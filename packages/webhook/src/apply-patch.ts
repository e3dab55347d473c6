import { FairleadError, type JsonPatchOperation } from '@fairlead/core';
import { isObject, sameJson } from './carries.ts';
import { parsePointer } from './json-pointer.ts';

/**
 * The document after a JSON Patch (RFC 6902; `add`, `replace`, `remove` and `test`). The given document is not touched;
 * parts that did not change are shared with it. All or nothing: fails with `bad-request`, naming the operation, when one
 * of them cannot be applied.
 */
export function applyPatch<T>(document: T, patch: readonly JsonPatchOperation[]): T {
  let result: unknown = document;
  for (const [index, operation] of patch.entries()) {
    const refuse = (reason: string): never => {
      const { op, path } = operation;
      throw new FairleadError('bad-request', `patch operation ${index} (${op} ${JSON.stringify(path)}): ${reason}`);
    };
    result = applyAt(result, parsePointer(operation.path), operation, refuse);
  }
  return result as T;
}

type Refuse = (reason: string) => never;

function applyAt(node: unknown, path: readonly string[], operation: JsonPatchOperation, refuse: Refuse): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return changedNode(node, operation, refuse);
  if (Array.isArray(node)) return changedList(node, step, rest, operation, refuse);
  if (!isObject(node)) return refuse('there is no list or object to look into');
  const exists = Object.hasOwn(node, step);
  if (!exists && (rest.length > 0 || operation.op !== 'add')) return refuse(`there is no ${JSON.stringify(step)}`);
  // Entries rather than assignment: a member called __proto__ is data.
  if (rest.length === 0 && operation.op === 'remove') {
    return Object.fromEntries(Object.entries(node).filter(([key]) => key !== step));
  }
  return { ...node, [step]: applyAt(exists ? node[step] : undefined, rest, operation, refuse) };
}

function changedList(
  list: readonly unknown[],
  step: string,
  rest: readonly string[],
  operation: JsonPatchOperation,
  refuse: Refuse,
): unknown[] {
  const inserting = rest.length === 0 && operation.op === 'add';
  const index = step === '-' && inserting ? list.length : /^(0|[1-9]\d*)$/.test(step) ? Number(step) : -1;
  if (index < 0 || index > list.length || (index === list.length && !inserting)) {
    return refuse(`a list of ${list.length} has no ${JSON.stringify(step)}`);
  }
  if (inserting) return list.toSpliced(index, 0, operation.value);
  if (rest.length === 0 && operation.op === 'remove') return list.toSpliced(index, 1);
  return list.with(index, applyAt(list[index], rest, operation, refuse));
}

function changedNode(node: unknown, operation: JsonPatchOperation, refuse: Refuse): unknown {
  if (operation.op === 'remove') return refuse('the whole document cannot be removed');
  if (operation.op === 'test' && !sameJson(node, operation.value)) return refuse('the value is another');
  return operation.op === 'test' ? node : operation.value;
}
