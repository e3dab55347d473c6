import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveLocalCluster } from '@fairlead/local-adapter';
import { expect, it } from 'vitest';
import { ExtensionHost } from './extension-host.ts';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const command = [process.execPath, file('../../packages/cli/dist/main.js')];
const manifests = file('../quick-start/shop.yaml');

it('an extension starts an intercept, shows what happens, and gives the traffic back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-extension-'));
  await using served = await serveLocalCluster({ manifests, socket: join(folder, 'cluster.sock') });
  const server = createServer((_, response) => response.end('from the editor')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = new ExtensionHost(command);
  const shown: string[] = [];
  host.on('status', (text) => shown.push(text));
  const active = new Promise<void>((resolve) => {
    host.on('status', (text) => text.startsWith('intercepting') && resolve());
  });
  const logged = once(host, 'log');
  const target = `http:${(server.address() as AddressInfo).port}`;

  const ended = host.start(['deployment/cart', '--local', served.socket, '--port', target, '--header', 'x-user=ada']);
  await active;
  const answer = await fetch(`${served.cluster.url('cart')}/basket`, { headers: { 'x-user': 'ada' } });
  const [line] = await logged;
  host.stop();
  const status = await ended;
  server.close();
  rmSync(folder, { recursive: true });

  expect(await answer.text()).toBe('from the editor');
  expect(line).toMatch(/^GET http:.*\/basket → 200 \(cart-/);
  expect(shown).toContain('intercepting deployment/cart');
  expect([status, shown.at(-1)]).toEqual([0, 'off']);
}, 60_000);

it('shows why an intercept cannot be', async () => {
  const host = new ExtensionHost(command);
  const failed = once(host, 'failed');

  const status = await host.start(['deployment/cart', '--local', '/nowhere/cluster.sock']);

  expect(status).toBe(4);
  expect(String(await failed)).toContain('fairlead local up');
}, 30_000);
