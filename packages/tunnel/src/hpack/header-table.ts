import type { HeaderField } from './header-field.ts';
import { staticTable } from './static-table.ts';

/** What an entry costs beside its name and value (RFC 7541, 4.1). */
const entryBytes = 32;

/** The fields that one direction of a connection has named before, the latest first, as its decoder keeps them. */
export class HeaderTable {
  /** The latest last. What lies before `#oldest` is forgotten. */
  #fields: HeaderField[] = [];
  #oldest = 0;
  #bytes = 0;
  #limit: number;

  /** Keeps at most this many bytes, as RFC 7541 counts them. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The field of an index that counts from 1, static entries first. */
  at(index: number): HeaderField | undefined {
    if (index <= staticTable.length) return staticTable[index - 1];
    const at = this.#fields.length - (index - staticTable.length);
    return at >= this.#oldest ? this.#fields[at] : undefined;
  }

  /** Adds a field; older ones make room. One that is larger than the table empties it. */
  add(field: HeaderField): void {
    this.#fields.push(field);
    this.#bytes += sizeOf(field);
    this.#evict();
  }

  /** Keeps at most this many bytes from now on. */
  resize(limit: number): void {
    this.#limit = limit;
    this.#evict();
  }

  #evict(): void {
    while (this.#bytes > this.#limit) {
      this.#bytes -= sizeOf(this.#fields[this.#oldest] as HeaderField);
      this.#oldest += 1;
    }
    if (this.#oldest < 64 || this.#oldest * 2 < this.#fields.length) return;
    this.#fields = this.#fields.slice(this.#oldest);
    this.#oldest = 0;
  }
}

function sizeOf({ name, value }: HeaderField): number {
  return name.length + value.length + entryBytes;
}
