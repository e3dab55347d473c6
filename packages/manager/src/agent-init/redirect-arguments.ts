import { FairleadError } from '@fairlead/core';

/** A container port whose traffic is led to the traffic-agent. */
export interface PortRedirect {
  readonly protocol: 'tcp' | 'udp';
  readonly containerPort: number;
  readonly agentPort: number;
}

/** What the init container is told. */
export interface RedirectArguments {
  /** The user that the traffic-agent runs as: what it sends to the app itself is not led back to it. */
  readonly agentUser: number;
  readonly redirects: readonly PortRedirect[];
}

const redirectForm = /^(TCP|UDP):(\d{1,5}):(\d{1,5})$/i;

/**
 * Reads `--agent-user=UID --redirect=PROTOCOL:CONTAINERPORT:AGENTPORT …`. Fails with `bad-request`, naming every argument
 * that is wrong.
 */
export function parseRedirectArguments(args: readonly string[]): RedirectArguments {
  const problems: string[] = [];
  const redirects: PortRedirect[] = [];
  let agentUser: number | undefined;
  for (const arg of args) {
    const [name, value = ''] = arg.split('=', 2);
    if (name === '--agent-user' && /^\d{1,10}$/.test(value)) agentUser = Number(value);
    else if (name === '--redirect') redirects.push(...parseRedirect(value, problems));
    else problems.push(`${arg} is not understood`);
  }
  if (agentUser === undefined) problems.push('--agent-user=UID is missing');
  if (redirects.length === 0) problems.push('--redirect=PROTOCOL:CONTAINERPORT:AGENTPORT is missing');
  if (problems.length > 0 || agentUser === undefined) {
    throw new FairleadError('bad-request', `cannot redirect ports: ${problems.join('; ')}`, { phase: 'input' });
  }
  return { agentUser, redirects };
}

function parseRedirect(value: string, problems: string[]): PortRedirect[] {
  const [, protocol, from, to] = redirectForm.exec(value) ?? [];
  const [containerPort, agentPort] = [Number(from), Number(to)];
  if (!protocol || !isPort(containerPort) || !isPort(agentPort) || containerPort === agentPort) {
    problems.push(`--redirect=${value} is not PROTOCOL:CONTAINERPORT:AGENTPORT`);
    return [];
  }
  return [{ protocol: protocol.toLowerCase() as 'tcp' | 'udp', containerPort, agentPort }];
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}
