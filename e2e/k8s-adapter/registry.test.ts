import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { formatMatch } from '@fairlead/core';
import { describeInterceptRegistry } from '@fairlead/core/conformance';
import { CustomResourceInterceptRegistry } from '@fairlead/k8s-adapter';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasCluster, RealCluster } from './real-cluster.ts';

describe.runIf(hasCluster)('on a real API server', () => {
  beforeAll(async () => {
    await using cluster = await RealCluster.connect();
    await cluster.claimNamespace('shop');
    await cluster.claimNamespace('bank');
    await cluster.installInterceptCrd();
  });

  describeInterceptRegistry('CustomResourceInterceptRegistry', {
    create: async () => {
      const cluster = await RealCluster.connect();
      for (const namespace of ['shop', 'bank']) await cluster.empty(namespace, 'intercepts');
      return {
        registry: new CustomResourceInterceptRegistry(cluster.connection),
        async [Symbol.asyncDispose]() {
          for (const namespace of ['shop', 'bank']) await cluster.empty(namespace, 'intercepts');
          await cluster[Symbol.asyncDispose]();
        },
      };
    },
  });

  it('reads well in kubectl', async () => {
    await using cluster = await RealCluster.connect();
    await cluster.empty('shop', 'intercepts');
    const registry = new CustomResourceInterceptRegistry(cluster.connection);
    const record = await registry.create({
      namespace: 'shop',
      name: 'first',
      spec: {
        mode: 'intercept',
        workload: { namespace: 'shop', kind: 'Deployment', name: 'cart' },
        ports: [{ port: 'http' }],
        match: { headers: { 'x-user': 'ada' }, path: { prefix: '/api' } },
      },
      session: { id: 'session-1', fingerprint: 'f1'.repeat(32), label: 'ada@laptop' },
    });
    await registry.updateStatus(record, { phase: 'active', since: '2026-01-01T00:00:00.000Z' }, record.revision);

    const { stdout } = await promisify(execFile)('kubectl', ['-n', 'shop', 'get', 'intercepts']);

    const [head, row] = stdout.split('\n').map((line) => line.split(/ {2,}/).map((cell) => cell.trim()));
    expect(head).toEqual(['NAME', 'WORKLOAD', 'PORT', 'MATCH', 'HOLDER', 'PHASE', 'AGE']);
    expect(row?.slice(0, 6)).toEqual([
      'first',
      'deployment/cart',
      'http',
      formatMatch(record.spec.match ?? {}),
      record.requester?.user ?? 'ada@laptop',
      'active',
    ]);
  });

  it('refuses what is no intercept', async () => {
    await using cluster = await RealCluster.connect();
    const session = { id: 'session-1', fingerprint: 'f1'.repeat(32), label: 'ada@laptop' };
    const spec = { mode: 'steal', workload: { namespace: 'shop', name: 'cart' }, ports: [] };

    const creating = new CustomResourceInterceptRegistry(cluster.connection).create({
      namespace: 'shop',
      name: 'bad',
      spec: spec as never,
      session,
    });

    await expect(creating).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringContaining('spec.mode'),
    });
  });
});
