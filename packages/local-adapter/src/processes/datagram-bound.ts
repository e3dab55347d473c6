import { readFile } from 'node:fs/promises';
import type { SocketAddress } from '../network/pod-network.ts';

const tables = ['/proc/net/udp', '/proc/net/udp6'];

/**
 * Whether a process waits for datagrams at an IPv4 address: nothing, or what is wrong. Nobody can be asked for it without
 * being sent something, so the system's table tells; where there is none, it is believed.
 */
export async function checkDatagramBound({ host, port }: SocketAddress): Promise<string | undefined> {
  const texts = await Promise.all(tables.map((table) => readFile(table, 'utf8').catch(() => undefined)));
  if (texts.every((text) => text === undefined)) return undefined;
  const bound = texts.flatMap((text) => (text ?? '').split('\n').map((line) => line.trim().split(/\s+/)[1]));
  const wanted = Buffer.from(host.split('.').map(Number).reverse()).toString('hex').toUpperCase();
  const at = port.toString(16).toUpperCase().padStart(4, '0');
  const places = [wanted, `0000000000000000FFFF0000${wanted}`, '0'.repeat(8), '0'.repeat(32)];
  return places.some((place) => bound.includes(`${place}:${at}`)) ? undefined : 'no UDP socket is bound there';
}
