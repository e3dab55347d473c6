import { type ChildSession, type Exchange, type Propagation, propagate } from '@fairlead/sdk';
import { until } from '../embedded/until.ts';

/** One of the runs that share a workload at the same time. */
export interface ParallelRun {
  /** Of this run alone. */
  readonly name: string;
  /** The session of this run. */
  readonly session: ChildSession;
  readonly mark: Propagation;
  /** The workload, and the name of its Service. */
  readonly workload: string;
  readonly service: string;
  readonly port: string;
  /** How many runs there are: each waits for the others before it begins. */
  readonly runs: number;
  /** Requests with the key of this run. */
  readonly keyed: number;
  /** Requests without any, between the others. */
  readonly plain: number;
}

/** Who answered what, and what this run got to see. */
export interface ParallelOutcome {
  /** Who answered each request with a key: the run's name and the request's number. */
  readonly keyed: readonly string[];
  /** The intercept that answered each request without a key; empty for the app. */
  readonly plain: readonly string[];
  /** The paths of the requests that came to this run. */
  readonly seen: readonly string[];
  /** Who answered the requests that a wiretap of this run's key copied. */
  readonly copied: readonly Exchange[];
}

const atOnce = 8;

/**
 * Sends the requests of one run, while others do the same to the same workload. It works on any cluster: requests go
 * through the tunnel, by the name of the Service.
 */
export async function parallelRun(run: ParallelRun): Promise<ParallelOutcome> {
  const { name, session, mark, workload, port, runs, keyed, plain } = run;
  const traffic = { workload, port, match: mark.match };
  await using held = await session.intercept({
    ...traffic,
    handler: (request) => new Response(`${name} ${new URL(request.url).pathname}`),
  });
  await using tap = await session.wiretap({ ...traffic, items: keyed });
  // Marked as well, with a key that nobody waits for: it shows that keys are told apart, not only there or not.
  const stranger = propagate({ key: `${session.key}-nobody` });
  await meet(session, runs);
  const answered: string[] = [];
  const unkeyed: string[] = [];
  const ask = async (path: string, headers: Headers) =>
    await session.fetch(`http://${run.service}.${session.namespace}${path}`, { headers });
  await all(keyed + plain, async (at) => {
    // Spread evenly between the others.
    const isPlain = Math.floor(((at + 1) * plain) / (keyed + plain)) > Math.floor((at * plain) / (keyed + plain));
    const answer = await ask(`/${name}/${at}`, isPlain ? stranger.headers() : mark.headers());
    if (isPlain) unkeyed.push(answer.headers.get('x-fairlead-served-by') ?? '');
    else answered.push((await answer.text()).replace(`/${name}/${at}`, 'right'));
    await answer.body?.cancel().catch(() => {});
  });
  const seen = held.calls().map((call) => new URL(call.request.url).pathname);
  const copied = await Promise.all(Array.from({ length: keyed }, () => tap.next()));
  return { keyed: answered, plain: unkeyed, seen, copied };
}

/** Waits until every run has its intercept. */
async function meet(session: ChildSession, runs: number): Promise<void> {
  await until(
    async () =>
      (await session.list()).filter(({ spec, status }) => spec.mode === 'intercept' && status.phase === 'active'),
    (records) => records.length >= runs,
    60_000,
  );
}

async function all(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) await work(at);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
