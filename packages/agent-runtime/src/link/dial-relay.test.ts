import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { createSystemClock } from '@fairlead/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AgentSettings } from '../settings/agent-settings.ts';
import { aConfig } from '../testing/an-agent.ts';
import { dialRelay } from './dial-relay.ts';

const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });
const { signal } = new AbortController();
let directory: string;
let relay: Server;
let greeted = 0;

/** A certificate that stands for itself, for this name. */
function certificate(name: string): { readonly cert: string; readonly key: string } {
  const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-x509', '-days', '2'];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'relay-'));
  relay = createServer(certificate('localhost'), (socket) => {
    greeted += 1;
    socket.on('error', () => {}).end('welcome');
  });
  relay.on('tlsClientError', () => {});
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
});
afterAll(() => {
  relay.close();
  rmSync(directory, { recursive: true });
});

function settingsFor(managerHost: string, ca?: string): AgentSettings {
  const { port } = relay.address() as AddressInfo;
  return {
    config: { ...aConfig(port, []), managerHost },
    pod: { name: 'cart-1', uid: 'uid-1', ip: '10.0.0.7' },
    readToken: async () => 'secret',
    readCa: async () => ca,
  };
}

it('speaks TLS with a relay that the authorities vouch for, under the name that was dialled', async () => {
  const ca = readFileSync(join(directory, 'localhost.crt'), 'utf8');

  const socket = await dialRelay(settingsFor('localhost', ca), clock, signal);

  expect(String(await once(socket, 'data'))).toBe('welcome');
  expect(greeted).toBe(1);
  socket.destroy();
});

it('says nothing to a relay that somebody else vouches for, or that bears another name', async () => {
  const own = readFileSync(join(directory, 'localhost.crt'), 'utf8');

  await expect(dialRelay(settingsFor('localhost', certificate('stranger').cert), clock, signal)).rejects.toMatchObject({
    code: 'unreachable',
  });
  await expect(dialRelay(settingsFor('127.0.0.1', own), clock, signal)).rejects.toMatchObject({ code: 'unreachable' });
});

it('dials no other machine while it is not known by what to know the relay', async () => {
  const dialled = dialRelay(settingsFor('fairlead-manager.fairlead.svc'), clock, signal);

  await expect(dialled).rejects.toThrow('nobody has told by which authorities');
});
