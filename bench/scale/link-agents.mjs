import { once } from 'node:events';
import { connect } from 'node:net';
import { createSystemClock, wireVersion } from '@fairlead/core';
import { listenRelay, TunnelRelay } from '@fairlead/relay';
import { TunnelSession } from '@fairlead/tunnel';

const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });

/** How many dial at the same time: on a busy machine a thousand would wait for each other longer than a handshake may take. */
const atOnce = 50;

/** So many agents dial a relay; each is told something and acknowledges it; all leave. */
export async function linkAgents(count) {
  const relay = new TunnelRelay({
    verifyAgent: async () => ({ ok: true }),
    interceptOwner: () => undefined,
    clock,
  });
  const listener = await listenRelay(relay, { host: '127.0.0.1', port: 0 });
  const stop = new AbortController();
  const arrived = (async () => {
    let seen = 0;
    for await (const event of relay.watch({ signal: stop.signal })) {
      if (event.type !== 'agent-arrived') continue;
      await relay.assign(event.agent.id, { epoch: 1, ports: [] });
      seen += 1;
      if (seen === count) return;
    }
  })();
  const agents = [];
  while (agents.length < count) {
    const next = Array.from({ length: Math.min(atOnce, count - agents.length) }, (_, index) => agents.length + index);
    agents.push(...(await Promise.all(next.map((index) => anAgent(index, listener.port)))));
  }
  await arrived;
  stop.abort();
  await Promise.all(agents.map((agent) => agent.close()));
  await listener[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
}

async function anAgent(index, port) {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  const tunnel = new TunnelSession(socket, { role: 'dialer' });
  const hello = {
    kind: 'agent',
    v: wireVersion,
    workload: { namespace: 'bench', kind: 'Deployment', name: `app-${index}` },
    pod: { name: `app-${index}-1`, uid: `uid-${index}` },
    configHash: 'h',
    version: '0.0.0',
    token: 'bench',
  };
  const control = tunnel.open(Buffer.from(JSON.stringify(hello)));
  control.on('error', () => {});
  control.setEncoding('utf8').on('data', (text) => {
    for (const line of text.split('\n').filter(Boolean)) {
      control.write(`${JSON.stringify({ type: 'ack', epoch: JSON.parse(line).assignment.epoch })}\n`);
    }
  });
  await control.accepted;
  return tunnel;
}
