import { type ErrorCode, FairleadError, type SftpReply, sftpStatus } from '@fairlead/core';

const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [sftpStatus.noSuchFile, 'no-such-file'],
  [sftpStatus.permissionDenied, 'file-refused'],
  [sftpStatus.noConnection, 'connection-lost'],
  [sftpStatus.connectionLost, 'connection-lost'],
  [sftpStatus.invalidHandle, 'connection-lost'],
  [sftpStatus.unsupported, 'unsupported'],
]);

/** What a status means for whoever asked for the file. */
export function fileError(reply: SftpReply, path: string): FairleadError {
  if (reply.type !== 'status') {
    return new FairleadError('internal', `${path}: the agent answered something else`, { phase: 'serve' });
  }
  const said = reply.message || `status ${reply.code}`;
  return new FairleadError(codes.get(reply.code) ?? 'file-failed', `${path}: ${said}`, { phase: 'serve' });
}
