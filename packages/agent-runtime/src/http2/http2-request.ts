import type { RequestView } from '@fairlead/core';
import type { HeaderField } from '@fairlead/tunnel';

/** The header fields of one HTTP/2 request, as matches ask for them. */
export class Http2Request implements RequestView {
  readonly fields: readonly HeaderField[];

  constructor(fields: readonly HeaderField[]) {
    this.fields = fields;
  }

  /** It has what every request has. Others are for the app to refuse. */
  get isComplete(): boolean {
    const { method } = this;
    return method === 'CONNECT' || (method !== '' && this.#one(':path') !== '');
  }

  get method(): string {
    return this.#one(':method');
  }

  get path(): string {
    const target = this.#target;
    const mark = target.indexOf('?');
    return mark < 0 ? target : target.slice(0, mark);
  }

  get query(): string {
    const target = this.#target;
    const mark = target.indexOf('?');
    return mark < 0 ? '' : target.slice(mark + 1);
  }

  /** The authority counts as `host`, and the pieces of a cookie as one header (RFC 9113, 8.2.3 and 8.3.1). */
  header(name: string): readonly string[] {
    const values: string[] = [];
    for (const field of this.fields) if (field.name === name) values.push(field.value);
    if (name === 'cookie' && values.length > 1) return [values.join('; ')];
    if (name !== 'host') return values;
    const authority = this.#one(':authority');
    return authority === '' ? values : [authority];
  }

  /** The target: of CONNECT the authority, as in HTTP/1. */
  get #target(): string {
    const path = this.#one(':path');
    return path === '' ? this.#one(':authority') : path;
  }

  #one(name: string): string {
    for (const field of this.fields) if (field.name === name) return field.value;
    return '';
  }
}
