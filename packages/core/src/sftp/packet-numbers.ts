/** The numbers of requests in SFTP version 3 (draft-ietf-secsh-filexfer-02), by their names here. */
export const requestNumbers = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  extended: 200,
} as const;

/** The numbers of answers. */
export const replyNumbers = { version: 2, status: 101, handle: 102, data: 103, names: 104, attributes: 105 } as const;

/** The version that is spoken: the one that `sshfs` and `sftp` speak. */
export const sftpVersion = 3;

/** How a request went; SFTP has no other words for it. */
export const sftpStatus = {
  ok: 0,
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  noConnection: 6,
  connectionLost: 7,
  unsupported: 8,
  /** Of a later version; here it says that what was opened belonged to another connection. */
  invalidHandle: 9,
} as const;

/** How a file is to be opened; to be added up. */
export const sftpOpenFlags = { read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 } as const;
