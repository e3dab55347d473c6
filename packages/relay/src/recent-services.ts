import type { Clock, Service } from '@fairlead/core';

/** How long an answer counts as one of now, in milliseconds: for the burst of connections that a program opens. */
const recentMs = 2_000;

interface Answer {
  readonly services: readonly Service[];
  readonly at: number;
}

/** What the cluster said lately about the Services of namespaces, so that it is not asked for each connection. */
export class RecentServices {
  readonly #clock: Clock;
  readonly #answers = new Map<string, Answer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The Services of a namespace, if they are known of late. */
  of(namespace: string): readonly Service[] | undefined {
    this.#forget();
    return this.#answers.get(namespace)?.services;
  }

  /** Keeps what the cluster says now. */
  keep(namespace: string, services: readonly Service[]): void {
    this.#answers.set(namespace, { services, at: this.#clock.now() });
  }

  #forget(): void {
    const oldest = this.#clock.now() - recentMs;
    for (const [namespace, { at }] of this.#answers) if (at < oldest) this.#answers.delete(namespace);
  }
}
