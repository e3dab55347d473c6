import { frameType, headerBytes } from './frame.ts';

/** What a client that knows that the server speaks HTTP/2 says first. */
export const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Whether a connection that begins with these bytes is, or may become, one of HTTP/2. */
export function mayBePreface(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, preface.length);
  return bytes[0] === preface[0] && preface.compare(bytes, 0, length, 0, length) === 0;
}

/** Whether a connection that begins with these bytes is one of HTTP/2. */
export function isPreface(bytes: Buffer): boolean {
  return bytes.length >= preface.length && mayBePreface(bytes);
}

/** Whether a server that begins with these bytes may speak HTTP/2: it says its settings first, often before the client speaks. */
export function mayBeServerPreface(bytes: Buffer): boolean {
  if (bytes.length < headerBytes) return false;
  const isSettings = bytes[3] === frameType.settings && bytes[4] === 0 && bytes.readUInt32BE(5) === 0;
  return isSettings && bytes.readUIntBE(0, 3) % 6 === 0;
}
