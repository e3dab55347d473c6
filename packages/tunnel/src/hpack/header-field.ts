/** A header field as HTTP/2 knows it: the name in lower case, pseudo-headers with their colon. Both are Latin-1 texts. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** Its sender wants it in no table, of any hop. */
  readonly isSecret: boolean;
}
