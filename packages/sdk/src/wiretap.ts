import type { Readable } from 'node:stream';
import type { FairleadError, InterceptPhase, InterceptSpec, SessionRef, TapStream } from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';
import { type ActivationOptions, RegistryEntry, type RegistryEntryParts } from './registry/registry-entry.ts';
import { TapCopy } from './traffic/tap-copy.ts';
import type { TapEvent } from './traffic/tap-event.ts';
import { TapQueue, type TapStats } from './traffic/tap-queue.ts';

/** What a {@link Wiretap} is made of. */
export interface WiretapParts extends RegistryEntryParts {
  readonly namespace: string;
  readonly name: string;
  readonly spec: InterceptSpec;
  readonly session: SessionRef;
  readonly bufferBytes: number;
  /** Called once, when the wiretap has ended in whatever way. */
  readonly onEnd: () => void;
}

/**
 * A copy of traffic; the traffic itself does not notice. Made by `session.wiretap()`. Iterate it once: the iteration
 * ends when the wiretap is left, and fails when it is lost.
 */
export class Wiretap implements AsyncIterable<TapEvent>, AsyncDisposable {
  /** Its name in the namespace. */
  readonly name: string;
  /** Its namespace. */
  readonly namespace: string;
  /** What was asked for. */
  readonly spec: InterceptSpec;
  readonly #parts: WiretapParts;
  readonly #entry: RegistryEntry;
  readonly #queue: TapQueue<TapEvent>;
  readonly #streams = new Set<Readable>();
  #phase: InterceptPhase = 'requested';
  #connections = 0;
  #leaving: Promise<void> | undefined;

  /** @internal Wiretaps are made by `session.wiretap()`. */
  constructor(parts: WiretapParts) {
    const { name, namespace, spec, session } = parts;
    this.name = name;
    this.namespace = namespace;
    this.spec = spec;
    this.#parts = parts;
    this.#queue = new TapQueue<TapEvent>(parts.bufferBytes);
    this.#entry = new RegistryEntry({ namespace, name, spec, session }, parts, {
      changed: ({ phase }) => {
        this.#phase = phase;
      },
      lost: (error) => {
        this.#queue.end(error);
        void this.leave();
      },
    });
  }

  /** Where it stands, as the control plane last said; `released` once it was left or lost. */
  get phase(): InterceptPhase {
    return this.#phase;
  }

  /** What was seen, what reached the reader, and what did not. */
  get stats(): TapStats {
    return this.#queue.stats;
  }

  /** The events, in the order in which they came. */
  [Symbol.asyncIterator](): AsyncIterator<TapEvent, void, undefined> {
    return this.#queue.read();
  }

  /** Ends the wiretap. What was copied before can still be read. Never rejects and may be called again. */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  /** As {@link leave}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  /** @internal Resolves when it is active; fails and leaves nothing behind otherwise. */
  async activate(options: ActivationOptions): Promise<void> {
    try {
      await this.#entry.activate(options);
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  /** @internal The session is lost, and with it this. */
  fail(error: FairleadError): void {
    this.#entry.fail(error);
  }

  /** @internal Takes a stream that the relay offers. */
  take(incoming: IncomingStream, metadata: TapStream): void {
    if (this.#leaving) {
      incoming.refuse('refused', 'closed: the wiretap was left');
      return;
    }
    if (this.#queue.isFull) {
      // Nobody reads. A connection that is not copied at all costs least, and cannot be mistaken for a whole one.
      incoming.refuse('busy', 'the wiretap is not read');
      return;
    }
    this.#connections += 1;
    const { pod, containerPort, protocol, source } = metadata;
    const copy = new TapCopy({ id: this.#connections, pod, containerPort, protocol, source }, this.#queue);
    const stream = incoming.accept();
    this.#streams.add(stream);
    void copy.run(stream).then(() => this.#streams.delete(stream));
  }

  async #leave(): Promise<void> {
    await this.#entry.remove();
    for (const stream of this.#streams) stream.destroy();
    this.#phase = 'released';
    this.#queue.end();
    this.#parts.onEnd();
  }
}
