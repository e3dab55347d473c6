import { describeMetrics } from '../conformance/metrics.ts';
import { MemoryMetrics } from './memory-metrics.ts';

describeMetrics('MemoryMetrics', {
  create: async () => {
    const metrics = new MemoryMetrics();
    return {
      metrics,
      value: (name, labels) => metrics.value(name, labels),
      durations: (name, labels) => {
        const seconds = metrics.durations(name, labels);
        return { count: seconds.length, sum: seconds.reduce((sum, each) => sum + each, 0) };
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});
