import type { HeaderField } from './header-field.ts';
import { staticIndex } from './static-table.ts';

/** Makes the table of the receiver empty, and keeps it so. */
const noTable = 0x20;

/**
 * A header block that neither needs nor changes what its receiver remembers: it may be sent between the blocks of
 * another encoder. With `clearsTable` the receiver forgets what it knew.
 */
export function encodeHeaders(fields: readonly HeaderField[], clearsTable = false): Buffer {
  let most = 1;
  // A name and a value of any length, each with its length, and the octet that says what they are.
  for (const { name, value } of fields) most += name.length + value.length + 16;
  const block = Buffer.allocUnsafe(most);
  let at = 0;
  if (clearsTable) block[at++] = noTable;
  for (const { name, value, isSecret } of fields) {
    const known = staticIndex.get(name);
    const whole = isSecret ? undefined : known?.values.get(value);
    if (whole !== undefined && (value !== '' || known?.first !== whole)) {
      at = writeNumber(block, at, 0x80, 7, whole);
      continue;
    }
    at = writeNumber(block, at, isSecret ? 0x10 : 0, 4, known?.first ?? 0);
    if (!known) at = writeText(block, at, name);
    at = writeText(block, at, value);
  }
  return block.subarray(0, at);
}

/** A header block that spells everything out: it can be read without any table. */
export function spellHeaders(fields: readonly HeaderField[]): Buffer {
  let most = 0;
  for (const { name, value } of fields) most += name.length + value.length + 16;
  const block = Buffer.allocUnsafe(most);
  let at = 0;
  for (const { name, value, isSecret } of fields) {
    block[at++] = isSecret ? 0x10 : 0;
    at = writeText(block, at, name);
    at = writeText(block, at, value);
  }
  return block.subarray(0, at);
}

function writeText(block: Buffer, start: number, text: string): number {
  const at = writeNumber(block, start, 0, 7, text.length);
  return at + block.write(text, at, 'latin1');
}

/** Writes a number behind the bits of `kind`, which leave room for so many bits (RFC 7541, 5.1). */
function writeNumber(block: Buffer, start: number, kind: number, bits: number, value: number): number {
  const most = 2 ** bits - 1;
  let at = start;
  if (value < most) {
    block[at++] = kind | value;
    return at;
  }
  block[at++] = kind | most;
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) block[at++] = 128 | (rest % 128);
  block[at++] = rest;
  return at;
}
