import { readFile } from 'node:fs/promises';

/** The scope of addresses that other machines can reach, in the kernel's list. */
const globalScope = '00';

/** Whether other pods can reach this one by IPv6. */
export async function hasIpv6(list = '/proc/net/if_inet6'): Promise<boolean> {
  const text = await readFile(list, 'utf8').catch(() => '');
  return text.split('\n').some((line) => line.split(/\s+/)[3] === globalScope);
}
