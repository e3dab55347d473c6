import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SpdySession, type SpdyStreamOpened } from './spdy-session.ts';

/** Agrees to speak SPDY, as kubelets do. */
export function agreeToSpdy(socket: Duplex): void {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'];
  socket.write([...lines, 'X-Stream-Protocol-Version: portforward.k8s.io', '', ''].join('\r\n'));
}

/** Forwards one port of the loopback by SPDY, as kubelets do. */
export function forwardBySpdy({ method }: IncomingMessage, socket: Duplex, head: Buffer): void {
  if (method !== 'POST') throw new Error(`${method} is another verb of RBAC than create`);
  agreeToSpdy(socket);
  if (head.length > 0) socket.unshift(head);
  let errors: SpdyStreamOpened | undefined;
  let target: Socket | undefined;
  const session = new SpdySession(socket, {
    onStream: (opened) => {
      session.reply(opened.id);
      const { streamtype, port, requestid } = opened.headers;
      if (streamtype === 'error' && opened.isEnded) errors = opened;
      else if (errors?.headers.port !== port || errors?.headers.requestid !== requestid)
        throw new Error('a stream for bytes has none for errors');
      else target = join(session, socket, { data: opened.id, errors: errors?.id ?? 0, port: Number(port) });
    },
    onData: (_stream, bytes) => target?.write(bytes) ?? true,
    onEnd: () => target?.end(),
  });
}

function join(
  session: SpdySession,
  socket: Duplex,
  { data, errors, port }: { readonly data: number; readonly errors: number; readonly port: number },
): Socket {
  const target = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  target.on('data', (bytes) => {
    if (!session.data(data, bytes)) target.pause();
  });
  socket.on('drain', () => target.resume());
  target.on('drain', () => session.resume());
  target.on('error', ({ message }) => session.data(errors, Buffer.from(message)));
  target.on('end', () => session.end(data));
  target.on('close', (hadError) => {
    session.end(errors);
    if (hadError) session.end(data);
  });
  socket.on('end', () => socket.end());
  socket.on('close', () => target.destroy());
  socket.on('error', () => target.destroy());
  return target;
}
