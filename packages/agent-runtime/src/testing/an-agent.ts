import { type AddressInfo, createServer } from 'node:net';
import {
  type AgentConfig,
  type AgentConnection,
  createSystemClock,
  MemoryLogger,
  parseAgentConfig,
} from '@fairlead/core';
import type { AgentSettings } from '../settings/agent-settings.ts';
import { startAgent } from '../start-agent.ts';
import { HttpParty } from './http-party.ts';
import { RawClient } from './raw-client.ts';
import { ScriptedRelay } from './scripted-relay.ts';

/** A port of this machine that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A connection of an agent config. */
export function aConnection(
  agentPort: number,
  containerPort: number,
  protocol: 'TCP' | 'UDP' = 'TCP',
): AgentConnection {
  return {
    containerPortName: 'http',
    containerPort,
    serviceName: 'cart',
    serviceUID: '',
    servicePortName: '',
    servicePort: 80,
    protocol,
    appProtocol: '',
    headless: false,
    targetPortNumeric: false,
    redirect: 'rename',
    agentPort,
  };
}

/** The config of an agent of one container. */
export function aConfig(managerPort: number, connections: readonly AgentConnection[]): AgentConfig {
  return parseAgentConfig({
    namespace: 'shop',
    workloadName: 'cart',
    workloadKind: 'Deployment',
    managerHost: '127.0.0.1',
    managerPort,
    hash: 'hash-1',
    containers: [{ name: 'app', intercepts: connections }],
  });
}

/** An agent in front of an app, linked to a manager that a test plays. */
export async function linked(options: Partial<AgentSettings> = {}) {
  const app = await HttpParty.start('app');
  const relay = await ScriptedRelay.start();
  const agentPort = await freePort();
  const logger = new MemoryLogger();
  const settings: AgentSettings = {
    config: aConfig(relay.port, [aConnection(agentPort, app.port)]),
    pod: { name: 'cart-1', uid: 'uid-1', ip: '127.0.0.1' },
    readToken: async () => 'secret',
    environment: {},
    ...options,
  };
  const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });
  const agent = await startAgent(settings, { clock, logger });
  return {
    app,
    relay,
    agent,
    agentPort,
    logger,
    connect: (): Promise<RawClient> => RawClient.connect(agentPort),
    async [Symbol.asyncDispose](): Promise<void> {
      for (const part of [agent, relay, app]) await part[Symbol.asyncDispose]();
    },
  };
}
