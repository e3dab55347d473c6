/** A file of an archive. */
export interface ArchiveFile {
  /** Relative, with `/`; at most 255 bytes, of which the name takes 100. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const blockSize = 512;

/**
 * The bytes of a POSIX tar (ustar) with these files, for their owner only. Every program that unpacks archives reads it;
 * nothing but regular files is in it.
 */
export function tarOf(files: readonly ArchiveFile[], modified: Date): Buffer {
  const blocks = files.flatMap(({ path, bytes }) => [
    header(path, bytes.length, modified),
    bytes,
    Buffer.alloc((blockSize - (bytes.length % blockSize)) % blockSize),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)]);
}

function header(path: string, size: number, modified: Date): Buffer {
  const block = Buffer.alloc(blockSize);
  const { name, prefix } = split(path);
  const number = (value: number, at: number, length: number): void => {
    block.write(value.toString(8).padStart(length - 1, '0'), at, 'ascii');
  };
  block.write(name, 0, 100, 'utf8');
  number(0o600, 100, 8);
  number(0, 108, 8);
  number(0, 116, 8);
  number(size, 124, 12);
  number(Math.floor(modified.getTime() / 1000), 136, 12);
  block.write('        0', 148, 'ascii');
  block.write('ustar\u000000', 257, 'ascii');
  block.write(prefix, 345, 155, 'utf8');
  // The sum is made with blanks in its own place.
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'ascii');
  return block;
}

/** A long path is split at a slash, as the format has it. */
function split(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { name, prefix };
  }
  throw new RangeError(`${path} is too long for an archive`);
}
