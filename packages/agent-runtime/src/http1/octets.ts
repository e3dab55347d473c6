/** Classes of octets, as bits of one table: looking one up costs no branches. */
export const isToken = 1;
/** What a request target may hold: all but controls and blanks. */
export const isTargetOctet = 2;
/** What a header's value may hold: all but controls, the tab excepted. */
export const isValueOctet = 4;
/** What a line of an answer may hold before its colon, and behind: answers are not ours to judge. */
export const isNameOfAnswer = 8;
/** See {@link isNameOfAnswer}. */
export const isLineOfAnswer = 16;

/** The classes of each octet. */
export const octets: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => {
  const isVisible = octet > 32 && octet !== 127;
  const isBreak = octet === 13 || octet === 10;
  let classes = 0;
  if (/^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(String.fromCharCode(octet))) classes |= isToken;
  if (isVisible) classes |= isTargetOctet;
  if (isVisible || octet === 32 || octet === 9) classes |= isValueOctet;
  if (!isBreak && octet !== 58) classes |= isNameOfAnswer;
  if (!isBreak) classes |= isLineOfAnswer;
  return classes;
});

/** Carriage return. */
export const cr = 13;
/** Line feed. */
export const lf = 10;
/** Space. */
export const sp = 32;
/** Horizontal tab. */
export const tab = 9;
/** Colon. */
export const colon = 58;
