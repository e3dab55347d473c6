import { describe, expect, it } from 'vitest';
import type { MetricLabels, Metrics } from '../ports/metrics.ts';

/** Metrics to be proven. */
export interface MetricsUnderTest extends AsyncDisposable {
  readonly metrics: Metrics;
  /** A counter's or gauge's value as an observer outside reads it; undefined when there is none. */
  value(name: string, labels?: MetricLabels): Promise<number | undefined> | number | undefined;
  /** How many durations were recorded, and their sum in seconds. */
  durations(name: string, labels?: MetricLabels): Promise<Durations> | Durations;
}

/** Count and sum of durations. */
export interface Durations {
  readonly count: number;
  readonly sum: number;
}

/** How metrics are made. */
export interface MetricsSetup {
  /** Fresh metrics; disposing takes down whatever was put up for it. */
  create(): Promise<MetricsUnderTest>;
}

/** The promises that every {@link Metrics} keeps. */
export function describeMetrics(name: string, setup: MetricsSetup): void {
  describe(`${name} is a Metrics`, () => {
    it('adds to a counter, one by default', async () => {
      await using made = await setup.create();

      made.metrics.count('intercepts_total');
      made.metrics.count('intercepts_total', {}, 4);

      expect(await made.value('intercepts_total')).toBe(5);
    });

    it('keeps what differs in labels apart, whatever their order', async () => {
      await using made = await setup.create();

      made.metrics.count('refusals_total', { code: 'conflict', mode: 'tcp' });
      made.metrics.count('refusals_total', { mode: 'tcp', code: 'conflict' });
      made.metrics.count('refusals_total', { code: 'forbidden', mode: 'tcp' });

      expect(await made.value('refusals_total', { code: 'conflict', mode: 'tcp' })).toBe(2);
      expect(await made.value('refusals_total', { code: 'forbidden', mode: 'tcp' })).toBe(1);
    });

    it('sets a gauge to the newest value', async () => {
      await using made = await setup.create();

      made.metrics.gauge('agents', 3, { namespace: 'shop' });
      made.metrics.gauge('agents', 2, { namespace: 'shop' });

      expect(await made.value('agents', { namespace: 'shop' })).toBe(2);
    });

    it('records durations in seconds', async () => {
      await using made = await setup.create();

      made.metrics.observe('prepare_seconds', 0.25, { result: 'ok' });
      made.metrics.observe('prepare_seconds', 0.5, { result: 'ok' });

      expect(await made.durations('prepare_seconds', { result: 'ok' })).toEqual({ count: 2, sum: 0.75 });
    });
  });
}
