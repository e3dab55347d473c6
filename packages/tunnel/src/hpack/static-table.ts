import type { HeaderField } from './header-field.ts';

/** RFC 7541, appendix A: a line for each entry, from 1 on. */
const entries = `
:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`;

/** What every table begins with. Entry 1 stands at 0. */
export const staticTable: readonly HeaderField[] = entries
  .trim()
  .split('\n')
  .map((line) => {
    const [name = '', ...value] = line.split(' ');
    return { name, value: value.join(' '), isSecret: false };
  });

/** For each name of the static table its first index, and the indexes of its values. */
export const staticIndex: ReadonlyMap<string, StaticName> = indexed();

/** What the static table has under one name. */
export interface StaticName {
  readonly first: number;
  readonly values: ReadonlyMap<string, number>;
}

function indexed(): ReadonlyMap<string, StaticName> {
  const names = new Map<string, { first: number; values: Map<string, number> }>();
  staticTable.forEach(({ name, value }, at) => {
    const known = names.get(name) ?? { first: at + 1, values: new Map<string, number>() };
    names.set(name, known);
    known.values.set(value, at + 1);
  });
  return names;
}
