import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSystemClock, SilentLogger } from '@fairlead/core';
import { listenRelay, sessionFingerprint, TunnelRelay } from '@fairlead/relay';
import { holderKey, startHolder } from './holder.mjs';
import { listening, start } from './processes.mjs';

const main = fileURLToPath(new URL('../packages/agent-runtime/dist/agent.mjs', import.meta.url));
const workload = { namespace: 'bench', kind: 'Deployment', name: 'app' };

/**
 * A traffic-agent as a pod runs it, linked to a relay in this process. With `match` an http intercept is active on its
 * port, whose holder is a session in this process too.
 */
export async function startAgent({ folder, port, appPort, match }) {
  const relay = new TunnelRelay({
    verifyAgent: async () => ({ ok: true }),
    interceptOwner: () => ({ workload, sessionId: holderKey, fingerprint: sessionFingerprint(holderKey) }),
    clock: createSystemClock({ now: Date.now, setTimeout, clearTimeout }),
    logger: new SilentLogger(),
  });
  const listener = await listenRelay(relay, { host: '127.0.0.1', port: 0 });
  const files = mkdtempSync(join(folder, 'agent-'));
  writeFileSync(join(files, 'token'), 'bench');
  writeFileSync(join(files, 'config.yaml'), JSON.stringify(agentConfig(port, appPort, listener.port)));
  const child = start(process.execPath, ['--max-semi-space-size=1', '--no-sparkplug', main, 'agent'], {
    env: {
      FAIRLEAD_AGENT_CONFIG: join(files, 'config.yaml'),
      FAIRLEAD_AGENT_TOKEN: join(files, 'token'),
      _TEL_AGENT_POD_IP: '127.0.0.1',
      _TEL_AGENT_POD_NAME: 'app-1',
      _TEL_AGENT_POD_UID: 'uid-1',
    },
  });
  await listening(port);
  const agent = await arrived(relay);
  const holder = match && (await startHolder(listener.port));
  if (match) {
    const intercepts = [{ id: 'bench/one', match, toggle: 'drain', includeProbes: false }];
    await relay.assign(agent.id, { epoch: 1, ports: [{ agentPort: port, protocol: 'TCP', intercepts, wiretaps: [] }] });
  }
  const close = async () => {
    await holder?.close();
    await listener[Symbol.asyncDispose]();
    await relay[Symbol.asyncDispose]();
  };
  return { port, pids: [child.pid], close };
}

async function arrived(relay) {
  for await (const event of relay.watch({ signal: AbortSignal.timeout(10_000) })) {
    if (event.type === 'agent-arrived') return event.agent;
  }
  throw new Error('the agent did not link to the relay');
}

function agentConfig(agentPort, containerPort, managerPort) {
  const connection = {
    containerPortName: 'http',
    containerPort,
    serviceName: 'app',
    serviceUID: '',
    servicePortName: '',
    servicePort: 80,
    protocol: 'TCP',
    appProtocol: '',
    headless: false,
    targetPortNumeric: false,
    redirect: 'rename',
    agentPort,
  };
  return {
    schemaVersion: 1,
    hash: 'bench',
    agentName: workload.name,
    agentImage: 'bench',
    namespace: workload.namespace,
    workloadName: workload.name,
    workloadKind: workload.kind,
    managerHost: '127.0.0.1',
    managerPort,
    logLevel: 'warn',
    containers: [
      { name: 'app', envPrefix: 'A_', mountPoint: '/tel_app_mounts/app', mounts: [], intercepts: [connection] },
    ],
  };
}
