import { MemoryLogger, SilentLogger } from '@fairlead/core';
import { describeMetrics } from '@fairlead/core/conformance';
import { describe, expect, it } from 'vitest';
import { MetricsServer } from './metrics-server.ts';
import { PrometheusMetrics } from './prometheus-metrics.ts';

/** The value of a line of the exposition, whatever the order of its labels. */
async function read(metrics: PrometheusMetrics, name: string, labels: object = {}): Promise<number | undefined> {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const { text } = await metrics.exposition();
  const line = text.split('\n').find((one) => {
    const [, found, inner = ''] = /^(\w+)(?:\{(.*)\})? /.exec(one) ?? [];
    return found === name && inner.split(',').filter(Boolean).sort().join() === wanted.sort().join();
  });
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

describeMetrics('PrometheusMetrics', {
  create: async () => {
    const metrics = new PrometheusMetrics({ logger: new SilentLogger() });
    return {
      metrics,
      value: (name, labels) => read(metrics, name, labels),
      durations: async (name, labels) => ({
        count: (await read(metrics, `${name}_count`, labels)) ?? 0,
        sum: (await read(metrics, `${name}_sum`, labels)) ?? 0,
      }),
      async [Symbol.asyncDispose]() {},
    };
  },
});

describe('PrometheusMetrics', () => {
  it('leaves out what does not fit a metric, and says so once', async () => {
    const logger = new MemoryLogger();
    const metrics = new PrometheusMetrics({ logger });

    metrics.count('refusals_total', { code: 'conflict' });
    metrics.count('refusals_total', { colour: 'red' });
    metrics.count('refusals_total', { colour: 'blue' });
    metrics.gauge('refusals_total', 3);

    expect(await read(metrics, 'refusals_total', { code: 'conflict' })).toBe(1);
    expect(logger.lines.map(({ fields }) => fields.metric)).toEqual(['refusals_total']);
  });

  it('is served over HTTP, and nothing else is', async () => {
    const metrics = new PrometheusMetrics({ logger: new SilentLogger(), ofProcess: true });
    metrics.gauge('fairlead_leader', 1);
    await using server = await MetricsServer.listen(metrics, 0);
    const at = `http://127.0.0.1:${server.port}`;

    const [good, bad, post] = await Promise.all([
      fetch(`${at}/metrics`),
      fetch(`${at}/`),
      fetch(`${at}/metrics`, { method: 'POST', body: 'x' }),
    ]);

    expect(good.headers.get('content-type')).toContain('text/plain');
    expect(await good.text()).toMatch(/# HELP fairlead_leader 1 on the replica[\s\S]*\nfairlead_leader 1\n/);
    expect([good.status, bad.status, post.status]).toEqual([200, 404, 404]);
    await expect(MetricsServer.listen(metrics, server.port)).rejects.toMatchObject({ code: 'port-taken' });
  });
});
