import { compareText } from '../model/workload.ts';
import type { MetricLabels, Metrics } from '../ports/metrics.ts';

/** Keeps numbers where a test can read them. */
export class MemoryMetrics implements Metrics {
  readonly #counters = new Map<string, number>();
  readonly #gauges = new Map<string, number>();
  readonly #durations = new Map<string, number[]>();

  count(name: string, labels: MetricLabels = {}, by = 1): void {
    const key = seriesOf(name, labels);
    this.#counters.set(key, (this.#counters.get(key) ?? 0) + by);
  }

  gauge(name: string, value: number, labels: MetricLabels = {}): void {
    this.#gauges.set(seriesOf(name, labels), value);
  }

  observe(name: string, seconds: number, labels: MetricLabels = {}): void {
    const key = seriesOf(name, labels);
    const durations = this.#durations.get(key);
    if (durations) durations.push(seconds);
    else this.#durations.set(key, [seconds]);
  }

  /** The counter or gauge with exactly these labels; undefined when nothing was recorded. */
  value(name: string, labels: MetricLabels = {}): number | undefined {
    const key = seriesOf(name, labels);
    return this.#gauges.get(key) ?? this.#counters.get(key);
  }

  /** The durations in seconds with exactly these labels, oldest first. */
  durations(name: string, labels: MetricLabels = {}): readonly number[] {
    return this.#durations.get(seriesOf(name, labels)) ?? [];
  }
}

function seriesOf(name: string, labels: MetricLabels): string {
  return JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => compareText(a, b))]);
}
