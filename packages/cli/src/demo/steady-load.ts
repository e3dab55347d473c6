import { connect } from 'node:net';

/** What a load has seen so far. */
export interface LoadCount {
  readonly sent: number;
  readonly failed: number;
  /** The first few failures, in words. */
  readonly failures: readonly string[];
}

/** One way of calling the shop: resolves when the answer was right, rejects with what was wrong. */
export type Call = (signal: AbortSignal) => Promise<void>;

const pauseMs = 4;
const callLimitMs = 5_000;

/** Calls without a break, one call of each kind after the other, until it is stopped. */
export class SteadyLoad implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #failures: string[] = [];
  readonly #loops: Promise<void>[];
  #sent = 0;
  #failed = 0;

  constructor(calls: Readonly<Record<string, Call>>) {
    this.#loops = Object.entries(calls).map(([name, call]) => this.#loop(name, call));
  }

  /** The count so far. */
  get count(): LoadCount {
    return { sent: this.#sent, failed: this.#failed, failures: this.#failures };
  }

  /** Stops after the calls under way and resolves to the whole count. */
  async stop(): Promise<LoadCount> {
    this.#stop.abort();
    await Promise.all(this.#loops);
    return this.count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #loop(name: string, call: Call): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await call(AbortSignal.timeout(callLimitMs));
      } catch (reason) {
        this.#failed += 1;
        if (this.#failures.length < 5) this.#failures.push(`${name}: ${describe(reason)}`);
      }
      this.#sent += 1;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  return reason.cause instanceof Error ? `${reason.message} (${reason.cause.message})` : reason.message;
}

/** Fetches and wants status 200 with this text in the body. */
export function expectText(url: string, wanted: string, headers: Record<string, string> = {}): Call {
  return async (signal) => {
    const text = await getText(url, headers, signal);
    if (!text.includes(wanted)) throw new Error(`wanted "${wanted}", got "${text.trim()}"`);
  };
}

/** The body of an answer with status 200. */
export async function getText(
  url: string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<string> {
  const response = await fetch(url, { headers, ...(signal && { signal }) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`status ${response.status}: ${text.trim()}`);
  return text;
}

/** Books one order over a connection of its own: a line there, a line back. */
export function bookOrder(
  address: { readonly host: string; readonly port: number },
  order: string,
  signal?: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, ...(signal && { signal }) });
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.includes('\n')) socket.end();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      if (answer.includes(order)) resolve(answer.trim());
      else reject(new Error(`order ${order} was answered by "${answer.trim()}"`));
    });
    socket.write(`${order}\n`);
  });
}
