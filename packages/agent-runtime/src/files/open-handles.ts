import { randomBytes } from 'node:crypto';
import { sftpStatus } from '@fairlead/core';
import { AccessOrder } from './access-order.ts';
import { FileProblem } from './file-problem.ts';

/** Something that a client has opened. */
export interface OpenThing {
  close(): Promise<void>;
}

/** What a client has open, by handle. No handle of one client, or of another pod, ever is one of another. */
export class OpenHandles<Thing extends OpenThing> {
  readonly #most: number;
  readonly #prefix = randomBytes(6).toString('base64url');
  readonly #open = new Map<string, { readonly thing: Thing; readonly order: AccessOrder }>();
  /** Being opened. */
  #promised = 0;
  #count = 0;
  #isClosed = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** Opens something under a new handle. */
  async open(thing: () => Promise<Thing>): Promise<string> {
    if (this.#open.size + this.#promised >= this.#most) {
      throw new FileProblem(sftpStatus.failure, `no more than ${this.#most} files may be open`);
    }
    this.#promised += 1;
    try {
      const opened = await thing();
      if (this.#isClosed) await opened.close();
      this.#count += 1;
      const handle = `${this.#prefix}.${this.#count}`;
      if (!this.#isClosed) this.#open.set(handle, { thing: opened, order: new AccessOrder() });
      return handle;
    } finally {
      this.#promised -= 1;
    }
  }

  /** Uses what is open, beside other uses that only look or after and before them. */
  async use<T>(handle: string, how: 'together' | 'alone', work: (thing: Thing) => Promise<T>): Promise<T> {
    const { thing, order } = this.#get(handle);
    return await order[how](() => work(thing));
  }

  /** Closes what is open, after everything that was asked of it. */
  async close(handle: string): Promise<void> {
    const { thing, order } = this.#get(handle);
    this.#open.delete(handle);
    await order.alone(() => thing.close());
  }

  /** Closes everything. */
  async closeAll(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#open.keys()].map((handle) => this.close(handle)));
  }

  #get(handle: string): { readonly thing: Thing; readonly order: AccessOrder } {
    const found = this.#open.get(handle);
    if (!found) throw new FileProblem(sftpStatus.invalidHandle, 'nothing is open under this handle');
    return found;
  }
}
