import type { CallOptions } from '@fairlead/core';

/** Options of {@link RemoteFiles.readFile}. */
export interface ReadFileOptions extends CallOptions {
  /** Default: bytes. */
  readonly encoding?: BufferEncoding | undefined;
  /** A file that is longer is refused: read it as a stream. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
}

/** Options of {@link RemoteFiles.readdir}. */
export interface ReadDirectoryOptions extends CallOptions {
  /** A directory with more entries is refused: go through it by `entries()`. Default 10 000. */
  readonly limit?: number | undefined;
}

/** Options of {@link RemoteFiles.createReadStream}. */
export interface ReadStreamOptions extends CallOptions {
  /** The first byte. Default 0. */
  readonly start?: number | undefined;
  /** The last byte, which is included. Default: that of the file. */
  readonly end?: number | undefined;
}

/** Options of {@link RemoteFiles.writeFile} and {@link RemoteFiles.createWriteStream}. */
export interface WriteOptions extends CallOptions {
  /** `w`: the file is emptied first, `a`: it is appended to. Default `w`. */
  readonly flag?: 'w' | 'a' | undefined;
  /** Permissions of a file that is made. Default 0o644. */
  readonly mode?: number | undefined;
}
