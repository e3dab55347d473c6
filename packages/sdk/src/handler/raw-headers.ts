/** Header names and values in turn, as node:http gives and takes them. */
export type RawHeaders = readonly string[];

/** Headers that speak about one connection, not about the message. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'upgrade',
]);

/** The names, in lower case, that must not travel to the next hop; `Connection` may name more of them. */
export function connectionBound(raw: RawHeaders): ReadonlySet<string> {
  const bound = new Set(hopByHop);
  for (const value of valuesOf(raw, 'connection'))
    for (const name of value.split(',')) bound.add(name.trim().toLowerCase());
  bound.delete('transfer-encoding');
  bound.delete('content-length');
  return bound;
}

/** The headers without those named (in lower case); order and spelling stay. */
export function without(raw: RawHeaders, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (const [name, value] of pairs(raw)) if (!names.has(name.toLowerCase())) kept.push(name, value);
  return kept;
}

/** Every value of a header; the name is given in lower case. */
export function valuesOf(raw: RawHeaders, name: string): string[] {
  return [...pairs(raw)].filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
}

/** The headers as pairs. */
export function* pairs(raw: RawHeaders): Generator<[name: string, value: string], void, undefined> {
  for (let at = 0; at + 1 < raw.length; at += 2) yield [raw[at] as string, raw[at + 1] as string];
}

/** The headers as the web knows them. What it cannot express (a name that is no token) is left out. */
export function toHeaders(raw: RawHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs(raw)) {
    try {
      headers.append(name, value);
    } catch {
      // Seen by the handler in rawHeaders, and passed to the app as it is.
    }
  }
  return headers;
}

/** The web's headers for node:http; several cookies stay several. */
export function fromHeaders(headers: Headers): string[] {
  const raw: string[] = [];
  for (const [name, value] of headers) raw.push(name, value);
  return raw;
}
