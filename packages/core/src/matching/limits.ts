/** The bounds of a match. What exceeds them is refused with `bad-match` when the match is parsed. */
export const matchLimits: {
  /** Conditions in a match, every name, path and method counted. */
  readonly terms: number;
  /** How deep "all of", "any of" and "not" may alternate. */
  readonly depth: number;
  /** Characters in the name of a header, parameter, cookie or baggage member. */
  readonly nameLength: number;
  /** Characters in an exact value or a prefix. */
  readonly valueLength: number;
  /** Characters in a regex. */
  readonly regexLength: number;
  /** Instructions that a regex may compile to. */
  readonly regexSize: number;
  /** Longer values fit no regex: bounds the work that one request can cause. */
  readonly regexInputLength: number;
} = {
  terms: 64,
  depth: 8,
  nameLength: 128,
  valueLength: 1024,
  regexLength: 512,
  regexSize: 300,
  regexInputLength: 8192,
};
