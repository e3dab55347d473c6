const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** `%XX` as UTF-8. What is malformed stays as it is, or becomes U+FFFD when it is not UTF-8. Never throws. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return decodeLeniently(text);
  }
}

/** As {@link decodePercent}, with `+` for a blank, as forms and query strings are written. */
export function decodeForm(text: string): string {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text);
}

function decodeLeniently(text: string): string {
  const encoded = encoder.encode(text);
  const bytes = new Uint8Array(encoded.length);
  let length = 0;
  for (let at = 0; at < encoded.length; at++) {
    const byte = encoded[at] as number;
    const code = byte === 0x25 ? (hexDigit(encoded[at + 1]) << 4) | hexDigit(encoded[at + 2]) : -1;
    if (code >= 0) at += 2;
    bytes[length++] = code >= 0 ? code : byte;
  }
  return decoder.decode(bytes.subarray(0, length));
}

/** The digit's value; -1, which survives shifting and or-ing, for anything else. */
function hexDigit(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
