import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { anApp, aService } from './testing/manifests.ts';
import { until } from './testing/until.ts';

vi.setConfig({ testTimeout: 30_000 });

interface Told {
  readonly pids: readonly number[];
  readonly directory: string;
  readonly address: { readonly host: string; readonly port: number };
}

const script = `
  console.log(JSON.stringify({ pid: process.pid, names: JSON.parse(process.env.FAIRLEAD_LOCAL_NETWORK).names }));
  process.on('SIGTERM', () => {});
  require('node:http').createServer((_, response) => response.end()).listen(8080);
`;

/** Runs a cluster of an app with agents in another process, until it is told to end. */
const program = `
  const { local } = await import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)});
  const lines = [];
  const shop = local({ manifests: JSON.parse(process.argv[1]), logSink: (line) => lines.push(line) });
  const cluster = await shop.start();
  const said = () => lines.filter((line) => line.container === 'app' && line.stream === 'stdout');
  while (said().length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  const told = said().map((line) => JSON.parse(line.text));
  console.log(JSON.stringify({ pids: told.map((each) => each.pid), directory: told[0].names, address: cluster.address('cart') }));
`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('leaves no process, socket or file behind when it is killed', async () => {
  const annotations = { 'fairlead.dev/inject-traffic-agent': 'enabled' };
  const manifests = [anApp({ replicas: 2, script, annotations }), aService()];
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(manifests)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void owner.kill('SIGKILL'));
  const [line] = await once(owner.stdout, 'data');
  const { pids, directory, address } = JSON.parse(String(line)) as Told;
  expect(pids).toHaveLength(2);
  expect(pids.every(isAlive) && existsSync(directory)).toBe(true);

  owner.kill('SIGKILL');

  await until(() => !pids.some(isAlive) && !existsSync(directory), 'everything is gone', 2_000);
  const socket = connect(address);
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
