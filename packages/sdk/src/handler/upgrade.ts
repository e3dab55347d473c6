import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { joinStreams } from '@fairlead/tunnel';
import { pairs, type RawHeaders, without } from './raw-headers.ts';

/** An offer of HTTP/2 that every server may ignore; some clients send it with each first request. */
export function isIgnorableUpgrade(message: IncomingMessage): boolean {
  return message.method !== 'CONNECT' && (message.headers.upgrade ?? '').trim().toLowerCase() === 'h2c';
}

/** Puts the request back in front of the connection's bytes, without the offer, so that it can be parsed again. */
export function takeBackUpgrade(message: IncomingMessage, stream: Duplex, head: Buffer): void {
  const plain = without(message.rawHeaders, new Set(['connection', 'upgrade', 'http2-settings']));
  if (head.length > 0) stream.unshift(head);
  stream.unshift(headOf(message, plain));
}

/**
 * Gives the whole connection to the app, beginning with the request that asks for another protocol. Resolves when it
 * has ended, with the error when the app could not be reached; the caller is then told 502.
 */
export async function bridgeUpgrade(
  message: IncomingMessage,
  stream: Duplex,
  head: Buffer,
  openApp: () => Promise<Duplex>,
): Promise<unknown> {
  try {
    const app = await openApp();
    app.write(headOf(message, message.rawHeaders));
    if (head.length > 0) app.write(head);
    await joinStreams(stream, app);
    return undefined;
  } catch (error) {
    stream.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return error;
  }
}

function headOf(message: IncomingMessage, headers: RawHeaders): Buffer {
  const lines = [`${message.method} ${message.url} HTTP/${message.httpVersion}`];
  for (const [name, value] of pairs(headers)) lines.push(`${name}: ${value}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
