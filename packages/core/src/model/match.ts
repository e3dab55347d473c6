/** How one text is compared. Exactly one field is set. A plain string stands for `{ exact }`. */
export type TextRule =
  | string
  | { readonly exact: string }
  | { readonly prefix: string }
  /** RE2 syntax, anchored nowhere; compiled and bounded when the intercept is made. */
  | { readonly regex: string }
  /** True: there is a value, whatever it says. False: there is none. Not for the path, which is always there. */
  | { readonly present: boolean };

/**
 * Which requests: data, not code. All given fields must hold. The same value travels from the SDK to the manager and
 * the traffic-agent and means the same in each.
 *
 * A header, query parameter, cookie or baggage member that occurs several times fits a rule only if each of its values
 * does. So a request that carries two different keys belongs to neither, and intercepts on different values of one
 * name can never claim the same request.
 */
export interface Match {
  /** Names are compared without regard to case, values as Latin-1 text without surrounding blanks. */
  readonly headers?: Readonly<Record<string, TextRule>>;
  /** The path as it stands in the request line (percent-encoded), without the query. */
  readonly path?: TextRule;
  /** One of these. Upper case by convention; compared exactly, as HTTP does. */
  readonly method?: string | readonly string[];
  /** Query parameters, names and values decoded as forms are (`+` and `%XX`). */
  readonly query?: Readonly<Record<string, TextRule>>;
  /** Cookies, values as sent. */
  readonly cookies?: Readonly<Record<string, TextRule>>;
  /** Members of the W3C `baggage` header, values percent-decoded, without their properties. */
  readonly baggage?: Readonly<Record<string, TextRule>>;
  readonly allOf?: readonly Match[];
  readonly anyOf?: readonly Match[];
  readonly not?: Match;
}

/**
 * A request as the matcher sees it. An interface of lookups rather than a value, so that a proxy can answer from raw
 * bytes without building a map of headers.
 */
export interface RequestView {
  readonly method: string;
  /** The request target's path, without query; never empty for a valid request. */
  readonly path: string;
  /** The query without its question mark; empty when there is none. */
  readonly query: string;
  /** Every value of the named header in order; the name is lower case. Empty when absent. */
  header(name: string): readonly string[];
}
