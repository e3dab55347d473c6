import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { createSystemClock } from '@fairlead/core';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AgentSettings } from '../settings/agent-settings.ts';
import { aConfig } from '../testing/an-agent.ts';
import { dialRelay } from './dial-relay.ts';

const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });
const { signal } = new AbortController();
let relay: Server;
let own: string;
let greeted = 0;

/** A certificate that stands for itself, for this name. */
async function certificate(name: string): Promise<{ readonly cert: string; readonly key: string }> {
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ],
  });
  return { cert: made.cert, key: made.private };
}

beforeAll(async () => {
  const made = await certificate('localhost');
  own = made.cert;
  relay = createServer(made, (socket) => {
    greeted += 1;
    socket.on('error', () => {}).end('welcome');
  });
  relay.on('tlsClientError', () => {});
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
});
afterAll(() => {
  relay.close();
});

function settingsFor(managerHost: string, ca?: string): AgentSettings {
  const { port } = relay.address() as AddressInfo;
  return {
    config: { ...aConfig(port, []), managerHost },
    pod: { name: 'cart-1', uid: 'uid-1', ip: '10.0.0.7' },
    readToken: async () => 'secret',
    environment: {},
    readCa: async () => ca,
  };
}

it('speaks TLS with a relay that the authorities vouch for, under the name that was dialled', async () => {
  const socket = await dialRelay(settingsFor('localhost', own), clock, signal);

  expect(String(await once(socket, 'data'))).toBe('welcome');
  expect(greeted).toBe(1);
  socket.destroy();
});

it('says nothing to a relay that somebody else vouches for, or that bears another name', async () => {
  const { cert: stranger } = await certificate('localhost');

  await expect(dialRelay(settingsFor('localhost', stranger), clock, signal)).rejects.toMatchObject({
    code: 'unreachable',
  });
  await expect(dialRelay(settingsFor('127.0.0.1', own), clock, signal)).rejects.toMatchObject({ code: 'unreachable' });
});

it('dials no other machine while it is not known by what to know the relay', async () => {
  const dialled = dialRelay(settingsFor('fairlead-manager.fairlead.svc'), clock, signal);

  await expect(dialled).rejects.toThrow('nobody has told by which authorities');
});
