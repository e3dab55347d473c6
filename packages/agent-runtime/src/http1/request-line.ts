import { isTargetOctet, isToken, octets, sp } from './octets.ts';

/** Where the parts of a request line are. */
export interface RequestLine {
  readonly method: string;
  /** Where the target begins and ends in the bytes. */
  readonly targetStart: number;
  /** See {@link targetStart}. */
  readonly targetEnd: number;
  readonly isHttp10: boolean;
}

const version = Buffer.from(' HTTP/1.');
const get = Buffer.from('GET');
const one = 49;
const zero = 48;

/** The request line in these bytes, without its line end. Undefined when it is not exactly one of HTTP/1.0 or 1.1. */
export function readRequestLine(data: Buffer, start: number, end: number): RequestLine | undefined {
  const targetEnd = end - version.length - 1;
  const methodEnd = findMethodEnd(data, start, end);
  if (methodEnd < 0) return undefined;
  const isGet = methodEnd - start === get.length && isAt(data, start, get);
  const method = isGet ? 'GET' : data.toString('latin1', start, methodEnd);
  return { method, targetStart: methodEnd + 1, targetEnd, isHttp10: data[end - 1] === zero };
}

/** Where the method of a request line ends; -1 when this is not exactly one of HTTP/1.0 or 1.1. */
export function findMethodEnd(data: Buffer, start: number, end: number): number {
  const targetEnd = end - version.length - 1;
  const minor = data[end - 1];
  if (targetEnd <= start || (minor !== one && minor !== zero) || !isAt(data, targetEnd, version)) return -1;
  const methodEnd = skip(data, start, targetEnd, isToken);
  const targetStart = methodEnd + 1;
  if (methodEnd === start || data[methodEnd] !== sp || targetStart >= targetEnd) return -1;
  return skip(data, targetStart, targetEnd, isTargetOctet) === targetEnd ? methodEnd : -1;
}

function skip(data: Buffer, from: number, limit: number, octetClass: number): number {
  let index = from;
  while (index < limit && ((octets[data[index] as number] as number) & octetClass) !== 0) index += 1;
  return index;
}

function isAt(data: Buffer, at: number, wanted: Buffer): boolean {
  for (let index = 0; index < wanted.length; index += 1) {
    if (data[at + index] !== wanted[index]) return false;
  }
  return true;
}
