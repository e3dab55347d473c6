import type { Socket } from 'node:net';

/**
 * Cuts a connection, so that the other end sees a reset. Node cannot reset a socket that is not connected yet or whose
 * half-close is under way (the socket would neither close nor say so): such a one is closed at once.
 */
export function cutSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting || (socket.writableEnded && !socket.writableFinished)) socket.destroy();
  else socket.resetAndDestroy();
}
