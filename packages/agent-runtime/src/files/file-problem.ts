import { getSystemErrorMap } from 'node:util';
import { sftpStatus } from '@fairlead/core';

/** Why a request is answered with something else than what it asked for. Names no path: the caller knows it. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
  /** Of `sftpStatus`. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  /** What a system call or this package threw, in words that cross the wire: without the paths of this machine. */
  static from(thrown: unknown): FileProblem {
    if (thrown instanceof FileProblem) return thrown;
    const { code, errno } = thrown as NodeJS.ErrnoException;
    if (code === undefined || errno === undefined) return new FileProblem(sftpStatus.failure, 'failed');
    const words = getSystemErrorMap().get(errno)?.[1] ?? 'failed';
    return new FileProblem(statusOf(code), `${code}: ${words}`);
  }
}

/** There is nothing under this path. */
export function notThere(message = 'not in a volume of the container'): FileProblem {
  return new FileProblem(sftpStatus.noSuchFile, message);
}

/** It is there, and not for this. */
export function refused(message: string): FileProblem {
  return new FileProblem(sftpStatus.permissionDenied, message);
}

function statusOf(code: string): number {
  if (code === 'ENOENT' || code === 'ENOTDIR') return sftpStatus.noSuchFile;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ELOOP') return sftpStatus.permissionDenied;
  return sftpStatus.failure;
}
