import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Container, ManualClock } from '@fairlead/core';
import { expect, it, onTestFinished } from 'vitest';
import { checkHandler, type HandlerPlace } from './check-handler.ts';
import { watchProbe } from './probe-watch.ts';

function watched(pace: 'eager' | 'patient', outcomes: readonly boolean[], probe = {}) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const told: string[] = [];
  let checks = 0;
  const ended = watchProbe(probe, {
    pace,
    clock,
    signal: stop.signal,
    check: async () => {
      const good = outcomes[Math.min(checks++, outcomes.length - 1)];
      return good ? undefined : 'refused';
    },
    onVerdict: (verdict, problem) => told.push(problem ? `${verdict}: ${problem}` : verdict),
  });
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  return {
    told,
    checks: () => checks,
    async pass(ms: number): Promise<void> {
      for (let passed = 0; passed < ms; passed += 100) {
        await clock.advance(100);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

it('looks often until the first success, then at the period', async () => {
  const probe = watched('eager', [false, false, true], { initialDelaySeconds: 60 });

  await probe.pass(400);
  expect(probe.told).toEqual(['success']);
  const before = probe.checks();
  await probe.pass(9_000);
  expect(probe.checks()).toBe(before);
  await probe.pass(1_000);
  expect(probe.checks()).toBe(before + 1);
});

it('tells a failure only after as many failures as the threshold says', async () => {
  const probe = watched('eager', [true, false, false, true, false, false, false], { periodSeconds: 1 });

  await probe.pass(5_000);
  expect(probe.told).toEqual(['success']);
  await probe.pass(1_000);
  expect(probe.told).toEqual(['success', 'failure: refused']);
});

it('waits for the initial delay when it is patient', async () => {
  const probe = watched('patient', [false], { initialDelaySeconds: 2, periodSeconds: 1, failureThreshold: 2 });

  await probe.pass(1_900);
  expect(probe.checks()).toBe(0);
  await probe.pass(2_000);
  expect(probe.told).toEqual(['failure: refused']);
});

const container: Container = { name: 'app', ports: [{ name: 'http', containerPort: 80 }] };

async function aServer(): Promise<HandlerPlace & { readonly seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.url} ${request.headers['user-agent']}`);
    if (request.url === '/slow') return;
    response.statusCode = Number(request.url?.slice(1)) || 200;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    reach: (wanted) => ({ host: '127.0.0.1', port: wanted === 80 ? port : 1 }),
    execute: async (command) => (command[0] === 'true' ? undefined : 'exit code 1'),
  };
}

it.each([
  [{ httpGet: { port: 'http', path: '/204' } }, undefined],
  [{ httpGet: { port: 80, path: '/302' } }, undefined],
  [{ httpGet: { port: 80, path: '/500' } }, 'HTTP status 500 from /500'],
  [{ httpGet: { port: 80, path: '/slow' } }, 'no answer within 150 ms'],
  [{ httpGet: { port: 'web' } }, 'container app has no port web'],
  [{ tcpSocket: { port: 80 } }, undefined],
  [{ grpc: { port: 80 } }, undefined],
  [{ tcpSocket: { port: 81 } }, 'connect ECONNREFUSED 127.0.0.1:1'],
  [{ exec: { command: ['true'] } }, undefined],
  [{ exec: { command: ['false'] } }, 'exit code 1'],
])('checks %j', async (handler, outcome) => {
  expect(await checkHandler(handler, container, await aServer(), 150)).toBe(outcome);
});

it('says that it is a kubelet', async () => {
  const server = await aServer();

  await checkHandler({ httpGet: { port: 80, path: '/ready' } }, container, server, 1_000);

  expect(server.seen).toEqual([expect.stringMatching(/^\/ready kube-probe\//)]);
});
