/** What is known of a file, or is to be set. Absent: not told. */
export interface SftpAttributes {
  /** Bytes. */
  readonly size?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Type and permission bits, as of `st_mode`. */
  readonly mode?: number;
  /** Seconds since 1970; the two come together. */
  readonly accessed?: number;
  readonly modified?: number;
}

/** An entry of a directory. */
export interface SftpEntry {
  readonly name: string;
  /** As `ls -l` would show it. */
  readonly longName: string;
  readonly attributes: SftpAttributes;
}

/** A name and its value, as both sides announce what they can do beyond the standard. */
export type SftpExtension = readonly [name: string, data: string];

/** A request with a path and nothing else. */
export interface SftpPathRequest {
  readonly type: 'lstat' | 'stat' | 'remove' | 'rmdir' | 'realpath' | 'readlink';
  readonly id: number;
  readonly path: string;
}

/** A request with a handle and nothing else. Each character of a handle is a byte. */
export interface SftpHandleRequest {
  readonly type: 'close' | 'fstat' | 'readdir';
  readonly id: number;
  readonly handle: string;
}

/** A request about attributes of a path. */
export interface SftpAttributesRequest {
  readonly type: 'setstat' | 'mkdir';
  readonly id: number;
  readonly path: string;
  readonly attributes: SftpAttributes;
}

/** What a client says. */
export type SftpRequest =
  | { readonly type: 'init'; readonly version: number }
  | SftpPathRequest
  | { readonly type: 'opendir'; readonly id: number; readonly path: string }
  | SftpHandleRequest
  | SftpAttributesRequest
  | {
      readonly type: 'open';
      readonly id: number;
      readonly path: string;
      /** Of `sftpOpenFlags`. */
      readonly flags: number;
      readonly attributes: SftpAttributes;
    }
  | {
      readonly type: 'read';
      readonly id: number;
      readonly handle: string;
      readonly offset: number;
      readonly length: number;
    }
  | {
      readonly type: 'write';
      readonly id: number;
      readonly handle: string;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'fsetstat'; readonly id: number; readonly handle: string; readonly attributes: SftpAttributes }
  | { readonly type: 'rename'; readonly id: number; readonly from: string; readonly to: string }
  | { readonly type: 'symlink'; readonly id: number; readonly path: string; readonly target: string }
  | { readonly type: 'extended'; readonly id: number; readonly name: string; readonly data: Uint8Array };

/** What a server answers. */
export type SftpReply =
  | { readonly type: 'version'; readonly version: number; readonly extensions: readonly SftpExtension[] }
  | { readonly type: 'status'; readonly id: number; readonly code: number; readonly message: string }
  | { readonly type: 'handle'; readonly id: number; readonly handle: string }
  | { readonly type: 'data'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'names'; readonly id: number; readonly entries: readonly SftpEntry[] }
  | { readonly type: 'attributes'; readonly id: number; readonly attributes: SftpAttributes };
