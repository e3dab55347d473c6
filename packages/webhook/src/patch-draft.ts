import type { JsonPatchOperation } from '@fairlead/core';
import { applyPatch } from './apply-patch.ts';
import { isObject, sameJson } from './carries.ts';
import { type DocumentPath, formatPointer } from './json-pointer.ts';

/**
 * A JSON Patch in the making, together with the document as it is after what was drafted so far. Every operation is
 * applied as it is drafted, so a finished patch applies to the document it was begun with.
 */
export class PatchDraft<T> {
  readonly operations: JsonPatchOperation[] = [];
  #document: T;

  constructor(document: T) {
    this.#document = document;
  }

  /** The document with all drafted operations applied. */
  get document(): T {
    return this.#document;
  }

  /** What is there now; undefined when nothing is. */
  read(path: DocumentPath): unknown {
    let node: unknown = this.#document;
    for (const step of path) {
      if (Array.isArray(node)) node = node[Number(step)];
      else if (isObject(node) && Object.hasOwn(node, String(step))) node = node[String(step)];
      else return undefined;
    }
    return node;
  }

  /** Gives a member or item this value. Missing objects on the way are made. Drafts nothing when it has it already. */
  set(path: DocumentPath, value: unknown): void {
    this.#makeObjects(path);
    const present = this.read(path);
    if (present === undefined) this.#draft({ op: 'add', path: formatPointer(path), value });
    else if (!sameJson(present, value)) this.#draft({ op: 'replace', path: formatPointer(path), value });
  }

  /** Puts an item at the end of a list, which is made when there is none. */
  append(path: DocumentPath, item: unknown): void {
    if (Array.isArray(this.read(path))) this.#draft({ op: 'add', path: formatPointer([...path, '-']), value: item });
    else this.set(path, [item]);
  }

  /** Takes a member or item away, if it is there. */
  remove(path: DocumentPath): void {
    if (this.read(path) !== undefined) this.#draft({ op: 'remove', path: formatPointer(path) });
  }

  #makeObjects(path: DocumentPath): void {
    for (let length = 1; length < path.length; length += 1) {
      const parent = path.slice(0, length);
      // A manifest may say null where it means nothing.
      if ((this.read(parent) ?? null) === null) this.#draft({ op: 'add', path: formatPointer(parent), value: {} });
    }
  }

  #draft(operation: JsonPatchOperation): void {
    this.#document = applyPatch(this.#document, [operation]);
    this.operations.push(operation);
  }
}
