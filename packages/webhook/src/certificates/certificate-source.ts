import { type CallOptions, ChangeFeed, type Clock, FairleadError, type Logger } from '@fairlead/core';
import { withTimeLimit } from '../time-limit.ts';
import type { TlsMaterial } from './tls-material.ts';

/** What was found when somebody looked. */
export interface LoadedCertificates {
  readonly material: TlsMaterial;
  /** When there will be something to do, in milliseconds since the epoch. */
  readonly dueAt: number;
}

/** What a {@link CertificateSource} works with. */
export interface CertificateSourceParts {
  /** Looks for the certificates, and renews them where that is its business. */
  load(signal: AbortSignal): Promise<LoadedCertificates>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often it is looked whether somebody else has changed them. */
  readonly checkEveryMs: number;
}

const loadTimeoutMs = 15_000;
/** After a failure, and between two renewals at least. */
const shortestWaitMs = 10_000;

/**
 * Certificates that change while the process runs. It looks by itself when a renewal is due and every now and then; what
 * cannot be had is logged and tried again, and meanwhile the last ones serve. Dispose it to stop.
 */
export class CertificateSource implements AsyncDisposable {
  readonly #parts: CertificateSourceParts;
  readonly #feed: ChangeFeed<TlsMaterial> = new ChangeFeed<TlsMaterial>();
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #loaded: LoadedCertificates;
  #loading: Promise<void> | undefined;

  /**
   * Begins with what was found at first.
   * @internal
   */
  constructor(parts: CertificateSourceParts, first: LoadedCertificates) {
    this.#parts = parts;
    this.#loaded = first;
    this.#loop = this.#keepLooking();
  }

  /** What to serve with now. */
  get current(): TlsMaterial {
    return this.#loaded.material;
  }

  /** The authorities to trust now, as PEM: what belongs into webhook configurations and agents' ConfigMaps. */
  caBundle(): string {
    return this.current.caBundle;
  }

  /** Looks at once, for instance because the Secret has changed. Rejects when that fails; the last ones still serve. */
  async refresh(options: CallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  /** What is to be served with now, then every change, until the signal aborts (then it ends without an error). */
  watch(options: CallOptions = {}): AsyncIterable<TlsMaterial> {
    return this.#feed.subscribe({ ...options, snapshot: [this.current] });
  }

  /** Stops looking. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new FairleadError('closed', 'the certificates are not followed any more'));
    await this.#loop;
  }

  async #load(): Promise<void> {
    const before = this.current;
    this.#loaded = await loadWithin(this.#parts, this.#stop.signal);
    const { certificate, privateKey, caBundle } = this.current;
    if (certificate === before.certificate && privateKey === before.privateKey && caBundle === before.caBundle) return;
    this.#parts.logger.info({}, 'certificates have changed');
    this.#feed.publish(this.current);
  }

  async #keepLooking(): Promise<void> {
    const { clock, logger, checkEveryMs } = this.#parts;
    const { signal } = this.#stop;
    let waitMs = this.#waitMs(checkEveryMs);
    while (!signal.aborted) {
      try {
        await clock.sleep(waitMs, { signal });
        await this.refresh();
        waitMs = this.#waitMs(checkEveryMs);
      } catch (thrown) {
        if (signal.aborted) return;
        logger.warn({ reason: FairleadError.from(thrown).message }, 'certificates cannot be looked after');
        waitMs = shortestWaitMs;
      }
    }
  }

  #waitMs(checkEveryMs: number): number {
    const untilDueMs = this.#loaded.dueAt - this.#parts.clock.now();
    return Math.max(Math.min(untilDueMs, checkEveryMs), Math.min(shortestWaitMs, checkEveryMs));
  }
}

/** A source that looks as these parts say, for certificates from elsewhere. Rejects when there are none at first. */
export async function openCertificateSource(
  parts: CertificateSourceParts,
  options: CallOptions = {},
): Promise<CertificateSource> {
  return new CertificateSource(parts, await loadWithin(parts, options.signal));
}

function loadWithin(parts: CertificateSourceParts, signal: AbortSignal | undefined): Promise<LoadedCertificates> {
  const limit = { clock: parts.clock, ms: loadTimeoutMs, doing: 'get the certificates', signal };
  return withTimeLimit(limit, (limited) => parts.load(limited));
}
