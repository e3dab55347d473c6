import type { SftpAttributes, SftpEntry } from '@fairlead/core';

/** What there may be under a path. */
export type FileKind = 'file' | 'directory' | 'link' | 'other';

/** What is known of a file of the app's volumes. */
export interface FileStats {
  readonly kind: FileKind;
  /** Bytes. */
  readonly size: number;
  /** Permission bits, without those for writing where the volume is shared read-only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modified: Date;
  readonly accessed: Date;
}

/** An entry of a directory. A link is told as one, whatever it leads to. */
export interface FileEntry extends FileStats {
  readonly name: string;
}

const kinds: ReadonlyMap<number, FileKind> = new Map([
  [0o100_000, 'file'],
  [0o040_000, 'directory'],
  [0o120_000, 'link'],
]);
const typeBits = 0o170_000;

/** What attributes tell. */
export function statsOf({
  size = 0,
  uid = 0,
  gid = 0,
  mode = 0,
  modified = 0,
  accessed = 0,
}: SftpAttributes): FileStats {
  return {
    kind: kinds.get(mode & typeBits) ?? 'other',
    size,
    mode: mode & 0o7777,
    uid,
    gid,
    modified: new Date(modified * 1000),
    accessed: new Date(accessed * 1000),
  };
}

/** What an entry tells. */
export function entryOf({ name, attributes }: SftpEntry): FileEntry {
  return { name, ...statsOf(attributes) };
}
