import type { Stats } from 'node:fs';
import type { SftpAttributes, SftpEntry } from '@fairlead/core';

const directoryMode = 0o040_000;
const writeBits = 0o222;
const types: Readonly<Record<number, string>> = {
  7: 'p',
  14: 'c',
  28: 'd',
  42: 'b',
  49: '-',
  63: 'l',
  77: 's',
};
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What is told of a file. Where nobody may write, nobody seems to be able to. */
export function attributesOf(stats: Stats, isWritable: boolean): SftpAttributes {
  return {
    size: stats.size,
    uid: stats.uid,
    gid: stats.gid,
    mode: isWritable || stats.isSymbolicLink() ? stats.mode : stats.mode & ~writeBits,
    accessed: seconds(stats.atimeMs),
    modified: seconds(stats.mtimeMs),
  };
}

/** What is told of a directory that is none here: above the mounts, or of a volume that stays in the pod. */
export const emptyDirectory: SftpAttributes = {
  size: 0,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  mode: directoryMode | 0o555,
  accessed: 0,
  modified: 0,
};

/** An entry of a directory, with the line that people are shown. */
export function entryOf(name: string, attributes: SftpAttributes): SftpEntry {
  const { mode = 0, uid = 0, gid = 0, size = 0, modified = 0 } = attributes;
  const when = new Date(modified * 1000);
  const day = String(when.getUTCDate()).padStart(2);
  const date = `${months[when.getUTCMonth()]} ${day} ${when.getUTCFullYear()}`;
  const numbers = `${String(uid).padEnd(8)} ${String(gid).padEnd(8)} ${String(size).padStart(8)}`;
  return { name, longName: `${letters(mode)}    1 ${numbers} ${date} ${name}`, attributes };
}

function letters(mode: number): string {
  const rights = 'rwxrwxrwx'.split('').map((letter, index) => (mode & (0o400 >> index) ? letter : '-'));
  return (types[(mode >> 9) & 0o170] ?? '?') + rights.join('');
}

/** SFTP has 32 bits for a time. */
function seconds(ms: number): number {
  return Math.min(Math.max(Math.floor(ms / 1000), 0), 0xffff_ffff);
}
