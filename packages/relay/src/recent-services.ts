import { type Clock, FairleadError, type Service } from '@fairlead/core';

/** How long an answer counts as one of now, in milliseconds: for the burst of connections that a program opens. */
const recentMs = 1_000;
/** Time for the cluster to answer, in milliseconds. */
const answerMs = 8_000;

/** Asks the cluster for the Services of a namespace. */
export type AskCluster = (namespace: string, signal: AbortSignal) => Promise<readonly Service[]>;

interface Answer {
  readonly services: Promise<readonly Service[]>;
  readonly at: number;
}

/** What the cluster says about the Services of namespaces, so that it is not asked for each connection. */
export class RecentServices {
  readonly #clock: Clock;
  readonly #askCluster: AskCluster;
  readonly #answers = new Map<string, Answer>();

  constructor(clock: Clock, askCluster: AskCluster) {
    this.#clock = clock;
    this.#askCluster = askCluster;
  }

  /** What was asked of late, perhaps not answered yet; undefined: nothing. */
  known(namespace: string): Promise<readonly Service[]> | undefined {
    const oldest = this.#clock.now() - recentMs;
    for (const [each, { at }] of this.#answers) if (at < oldest) this.#answers.delete(each);
    return this.#answers.get(namespace)?.services;
  }

  /** Asks now. Not for one connection alone, so that nobody's signal ends it. */
  ask(namespace: string): Promise<readonly Service[]> {
    const late = new AbortController();
    const timer = this.#clock.after(answerMs, () =>
      late.abort(new FairleadError('timeout', `the Services of ${namespace} were not told in ${answerMs} ms`)),
    );
    const services = this.#askCluster(namespace, late.signal).finally(() => timer[Symbol.dispose]());
    const answer = { services, at: this.#clock.now() };
    this.#answers.set(namespace, answer);
    services.catch(() => {
      if (this.#answers.get(namespace) === answer) this.#answers.delete(namespace);
    });
    return services;
  }
}
