import type { Logger, MetricLabels, Metrics } from '@fairlead/core';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { metricHelp } from './metric-help.ts';

/** Options of {@link PrometheusMetrics}. */
export interface PrometheusMetricsOptions {
  /** Told about samples that do not fit their metric. */
  readonly logger: Logger;
  /** Memory, event loop and garbage of this process as well. Default false. */
  readonly ofProcess?: boolean;
}

/** From a millisecond to five minutes: admissions are at one end, rollouts at the other. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

type Metric = Counter | Gauge | Histogram;

/**
 * Numbers for Prometheus. A metric comes to be with its first sample, whose label names are its label names: a sample with
 * others is left out and logged, for numbers must not stop what they count.
 */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #metrics = new Map<string, Metric>();
  readonly #complained = new Set<string>();
  readonly #logger: Logger;

  constructor({ logger, ofProcess = false }: PrometheusMetricsOptions) {
    this.#logger = logger;
    if (ofProcess) collectDefaultMetrics({ register: this.#registry });
  }

  /** Every metric as Prometheus reads it, with the content type to say so. */
  async exposition(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  count(name: string, labels: MetricLabels = {}, by = 1): void {
    this.#sample(name, () => this.#metric(name, Counter, labels).inc(labels, by));
  }

  gauge(name: string, value: number, labels: MetricLabels = {}): void {
    this.#sample(name, () => this.#metric(name, Gauge, labels).set(labels, value));
  }

  observe(name: string, seconds: number, labels: MetricLabels = {}): void {
    this.#sample(name, () => this.#metric(name, Histogram, labels).observe(labels, seconds));
  }

  #sample(name: string, take: () => void): void {
    try {
      take();
    } catch (error) {
      if (this.#complained.has(name)) return;
      this.#complained.add(name);
      this.#logger.warn({ metric: name, error }, 'samples of a metric are left out');
    }
  }

  #metric<T extends Metric>(
    name: string,
    Type: new (settings: {
      name: string;
      help: string;
      labelNames: string[];
      registers: Registry[];
      buckets: number[];
    }) => T,
    labels: MetricLabels,
  ): T {
    const present = this.#metrics.get(name);
    if (present instanceof Type) return present;
    const labelNames = Object.keys(labels);
    const made = new Type({ name, help: metricHelp[name] ?? name, labelNames, registers: [this.#registry], buckets });
    this.#metrics.set(name, made);
    return made;
  }
}
