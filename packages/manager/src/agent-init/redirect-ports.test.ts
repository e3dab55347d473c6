import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { FairleadError, MemoryLogger, SilentLogger } from '@fairlead/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRedirectArguments } from './redirect-arguments.ts';
import { redirectPorts } from './redirect-ports.ts';
import { type RunProgram, runProgram } from './run-program.ts';

const network = `fairlead-${process.pid}`;
const canTry = spawnSync('ip', ['netns', 'add', network]).status === 0;
const inNetwork = (program: string, args: readonly string[]): string =>
  execFileSync('ip', ['netns', 'exec', network, program, ...args], { encoding: 'utf8', timeout: 10_000 });
const run: RunProgram = (program, args, input) => runProgram('ip', ['netns', 'exec', network, program, ...args], input);
const rulesOf = (args: readonly string[]): string[] =>
  inNetwork('iptables-save', args)
    .split('\n')
    .filter((line) => line.startsWith('-A'));

const parts = { run, logger: new SilentLogger() };
const wanted = parseRedirectArguments(['--agent-user=65532', '--redirect=TCP:8080:9900', '--redirect=TCP:8081:9901']);

const ask = `
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
const serve = async (port, host, name) => {
  const server = createServer((socket) => socket.end(name));
  server.listen(port, host);
  await once(server, 'listening');
};
const ask = async (host) => String((await once(connect(8080, host), 'data'))[0]);
await serve(9900, '198.51.100.7', 'agent');
await serve(8080, '0.0.0.0', 'app');
const answers = [await ask('198.51.100.7'), await ask('127.0.0.1')];
process.setuid(65532);
console.log([...answers, await ask('198.51.100.7')].join());
process.exit();
`;

/** An agent and an app that answer datagrams with their name and who asked; what the pod itself is told, and then the agent. */
const answerDatagrams = `
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
const serve = async (type, port, address, name) => {
  const socket = createSocket(type).bind(port, address);
  socket.on('message', (text, from) => socket.send(name + ' ' + from.address, from.port, from.address));
  await once(socket, 'listening');
};
const ask = async (host) => {
  const socket = createSocket('udp4');
  socket.connect(53, host, () => socket.send('question'));
  const [answer] = await once(socket, 'message');
  socket.close();
  return String(answer);
};
await serve('udp6', 9900, '::', 'agent');
await serve('udp4', 53, '0.0.0.0', 'app');
const answers = [await ask('198.51.100.7'), await ask('127.0.0.1')];
process.setuid(65532);
console.log([...answers, await ask('198.51.100.7')].join());
setTimeout(() => process.exit(), 20_000);
`;

const askFromOutside = `
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
const socket = createSocket('udp4');
socket.connect(53, '198.51.100.7', () => socket.send('question'));
console.log(String((await once(socket, 'message'))[0]));
socket.close();
`;

describe.skipIf(!canTry)('packet rules, in a network of their own', () => {
  beforeAll(() => {
    inNetwork('ip', ['link', 'set', 'lo', 'up']);
    inNetwork('ip', ['link', 'add', 'pod0', 'type', 'veth', 'peer', 'name', 'pod1']);
    inNetwork('ip', ['addr', 'add', '198.51.100.7/24', 'dev', 'pod0']);
    inNetwork('ip', ['link', 'set', 'pod0', 'up']);
  });
  afterAll(() => {
    execFileSync('ip', ['netns', 'del', network]);
  });

  it('lead to the agent what is sent to the pod, but not its loopback, nor what the agent sends to the app', async () => {
    await redirectPorts(wanted, 'ipv4', parts);

    expect(inNetwork(process.execPath, ['--input-type=module', '-e', ask]).trim()).toBe('agent,app,app');
  });

  it('lead datagrams to the agent, which sees who sent them and answers as the port that was asked', async () => {
    await redirectPorts(parseRedirectArguments(['--agent-user=65532', '--redirect=UDP:53:9900']), 'ipv4', parts);
    const outside = `${network}-out`;
    execFileSync('ip', ['netns', 'add', outside]);
    const inOutside = ['netns', 'exec', outside];
    try {
      inNetwork('ip', ['link', 'set', 'pod1', 'netns', outside]);
      execFileSync('ip', [...inOutside, 'ip', 'addr', 'add', '198.51.100.8/24', 'dev', 'pod1']);
      execFileSync('ip', [...inOutside, 'ip', 'link', 'set', 'pod1', 'up']);
      const node = [process.execPath, '--input-type=module', '-e'];
      const pod = spawn('ip', ['netns', 'exec', network, ...node, answerDatagrams]);
      const [within] = (await once(pod.stdout, 'data')) as [Buffer];

      const fromOutside = execFileSync('ip', [...inOutside, ...node, askFromOutside], { timeout: 10_000 });
      pod.kill('SIGKILL');

      expect(String(within).trim()).toBe('agent ::ffff:198.51.100.7,app 127.0.0.1,app 198.51.100.7');
      expect(String(fromOutside).trim()).toBe('agent ::ffff:198.51.100.8');
    } finally {
      execFileSync('ip', ['netns', 'del', outside]);
    }
  });

  it('are the same when they are written twice, and new ones take the place of old ones', async () => {
    await redirectPorts(wanted, 'ipv4', parts);
    const once = rulesOf(['-t', 'nat']);
    await redirectPorts(wanted, 'ipv4', parts);
    const twice = rulesOf(['-t', 'nat']);
    await redirectPorts(parseRedirectArguments(['--agent-user=65532', '--redirect=UDP:53:9902']), 'ipv4', parts);
    const other = rulesOf(['-t', 'nat']);

    expect(twice).toEqual(once);
    expect(once).toHaveLength(4);
    expect(other).toHaveLength(3);
    expect(other.join()).not.toContain('8080');
  });

  it('are written for IPv6 as well', async () => {
    await redirectPorts(wanted, 'ipv6', parts);

    expect(inNetwork('ip6tables-save', ['-t', 'nat'])).toContain('--dport 8080 -j DNAT --to-destination :9900');
  });
});

describe('writing packet rules', () => {
  it('fails with what the program complains of, and with a way out', async () => {
    const logger = new SilentLogger();
    const refuse: RunProgram = async () => ({ code: 4, said: 'Permission denied (you must be root)' });

    const failure = redirectPorts(wanted, 'ipv4', { run: refuse, logger });

    await expect(failure).rejects.toMatchObject({ code: 'unsupported', hint: expect.stringContaining('NET_ADMIN') });
    await expect(failure).rejects.toThrow('Permission denied');
  });

  it('goes on where the kernel cannot tell users apart', async () => {
    const logger = new MemoryLogger();
    const partly: RunProgram = async (_program, args) => ({ code: args.includes('owner') ? 2 : 0, said: 'no owner' });

    await redirectPorts(wanted, 'ipv4', { run: partly, logger });

    expect(logger.lines.map(({ level, fields }) => [level, fields.reason])).toEqual([['warn', 'no owner']]);
  });

  it('fails when there is no such program', async () => {
    await expect(runProgram('/no/such/program', [])).rejects.toThrow(FairleadError);
  });
});
