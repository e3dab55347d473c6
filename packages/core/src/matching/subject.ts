import type { RequestView } from '../model/match.ts';
import { readBaggage, readCookies, readQuery } from './request-members.ts';

/** The parts of a request that a rule can be about, in the order in which they are written out. */
export type Field = 'method' | 'path' | 'headers' | 'query' | 'cookies' | 'baggage';

/** What a rule is about. */
export interface Subject {
  readonly field: Field;
  /** Of the header (lower case), parameter, cookie or member; empty for method and path. */
  readonly name: string;
}

/** The subject's values in this request, in order; empty when it is absent. */
export function valuesOf(subject: Subject, request: RequestView): readonly string[] {
  switch (subject.field) {
    case 'method':
      return [request.method];
    case 'path':
      return [request.path];
    case 'headers':
      return request.header(subject.name);
    case 'query':
      return readQuery(request.query, subject.name);
    case 'cookies':
      return readCookies(request.header('cookie'), subject.name);
    case 'baggage':
      return readBaggage(request.header('baggage'), subject.name);
  }
}

/** The header that must be looked at for this subject, lower case; undefined when none. */
export function headerBehind(subject: Subject): string | undefined {
  if (subject.field === 'headers') return subject.name;
  if (subject.field === 'cookies') return 'cookie';
  return subject.field === 'baggage' ? 'baggage' : undefined;
}

/** For people: `header x-user`, `path`, `query parameter page`. */
export function describeSubject(subject: Subject): string {
  switch (subject.field) {
    case 'method':
    case 'path':
      return subject.field;
    case 'headers':
      return `header ${subject.name}`;
    case 'query':
      return `query parameter ${subject.name}`;
    case 'cookies':
      return `cookie ${subject.name}`;
    case 'baggage':
      return `baggage member ${subject.name}`;
  }
}

const secretHeaders: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie']);

/** Values of this subject are likely to be credentials: they are not shown to people. */
export function isSecret(subject: Subject): boolean {
  return subject.field === 'cookies' || (subject.field === 'headers' && secretHeaders.has(subject.name));
}
