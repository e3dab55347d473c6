import { decodeForm, decodePercent } from './percent-decoding.ts';

/** The values of a query parameter, in order. Splitting and decoding agree with URLSearchParams. */
export function readQuery(query: string, name: string): readonly string[] {
  const values: string[] = [];
  eachPiece(query, '&', (piece) => {
    if (piece === '') return;
    const equals = piece.indexOf('=');
    const key = equals < 0 ? piece : piece.slice(0, equals);
    if (decodeForm(key) === name) values.push(equals < 0 ? '' : decodeForm(piece.slice(equals + 1)));
  });
  return values;
}

/** The values of a cookie, in order, as they were sent. Pieces without `=` have no name and are passed over. */
export function readCookies(headers: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (const header of headers)
    eachPiece(header, ';', (piece) => {
      const equals = piece.indexOf('=');
      if (equals >= 0 && piece.slice(0, equals).trim() === name) values.push(piece.slice(equals + 1).trim());
    });
  return values;
}

/** The values of a baggage member, in order, percent-decoded. Properties (after `;`) are passed over. */
export function readBaggage(headers: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (const header of headers)
    eachPiece(header, ',', (piece) => {
      const equals = piece.indexOf('=');
      if (equals < 0 || piece.slice(0, equals).trim() !== name) return;
      const properties = piece.indexOf(';', equals);
      values.push(decodePercent(piece.slice(equals + 1, properties < 0 ? undefined : properties).trim()));
    });
  return values;
}

function eachPiece(text: string, separator: string, visit: (piece: string) => void): void {
  let from = 0;
  for (;;) {
    const to = text.indexOf(separator, from);
    visit(to < 0 ? text.slice(from) : text.slice(from, to));
    if (to < 0) return;
    from = to + 1;
  }
}
