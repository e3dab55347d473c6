/** Label names and values of a metric. */
export type MetricLabels = Readonly<Record<string, string>>;

/** Where numbers go. Names carry their unit, counters end in `_total`. */
export interface Metrics {
  /** Adds to a counter. */
  count(name: string, labels?: MetricLabels, by?: number): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: MetricLabels): void;
  /** Records a duration in seconds. */
  observe(name: string, seconds: number, labels?: MetricLabels): void;
}
