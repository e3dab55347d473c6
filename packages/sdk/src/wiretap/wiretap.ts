import type { Readable } from 'node:stream';
import {
  type FairleadError,
  type InterceptPhase,
  type InterceptSpec,
  type SessionRef,
  TapFrameDecoder,
  type TapStream,
} from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';
import { type ActivationOptions, RegistryEntry, type RegistryEntryParts } from '../registry/registry-entry.ts';
import type { ConnectionIntake, TapIntake, TapStats } from './tap-intake.ts';

/** What a {@link Wiretap} is made of. */
export interface WiretapParts<Item> extends RegistryEntryParts {
  readonly namespace: string;
  readonly name: string;
  readonly spec: InterceptSpec;
  readonly session: SessionRef;
  /** Makes what is yielded out of the copied bytes. */
  readonly intake: TapIntake<Item>;
  /** Called once, when the wiretap has ended in whatever way. */
  readonly onEnd: () => void;
}

/** Copied connections at once; more are not copied. */
const maxConnections = 1024;

/**
 * A copy of traffic; the traffic itself does not notice. Made by `session.wiretap()` and `session.wiretapBytes()`. The
 * iteration ends when the wiretap is left, and fails when it is lost.
 */
export class Wiretap<Item> implements AsyncIterable<Item>, AsyncDisposable {
  /** Its name in the namespace. */
  readonly name: string;
  /** Its namespace. */
  readonly namespace: string;
  /** What was asked for. */
  readonly spec: InterceptSpec;
  readonly #parts: WiretapParts<Item>;
  readonly #entry: RegistryEntry;
  readonly #intake: TapIntake<Item>;
  readonly #streams = new Set<Readable>();
  #phase: InterceptPhase = 'requested';
  #connections = 0;
  #leaving: Promise<void> | undefined;

  /** @internal Wiretaps are made by `session.wiretap()`. */
  constructor(parts: WiretapParts<Item>) {
    const { name, namespace, spec, session } = parts;
    this.name = name;
    this.namespace = namespace;
    this.spec = spec;
    this.#parts = parts;
    this.#intake = parts.intake;
    this.#entry = new RegistryEntry({ namespace, name, spec, session }, parts, {
      changed: ({ phase }) => {
        this.#phase = phase;
      },
      lost: (error) => {
        this.#intake.end(error);
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
    return this.#intake.stats;
  }

  /** What was copied, in the order in which it came. */
  [Symbol.asyncIterator](): AsyncIterator<Item, void, undefined> {
    return this.#intake.read();
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

  /** @internal The session's connection is gone. */
  connectionLost(): void {
    this.#entry.connectionLost();
  }

  /** @internal The session is connected anew. */
  connectionBack(isSameRelay: boolean): void {
    this.#entry.connectionBack(isSameRelay);
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
    if (this.#intake.isFull || this.#streams.size >= maxConnections) {
      this.#intake.missedConnection();
      // Nobody reads. A connection that is not copied at all costs least, and cannot be mistaken for a whole one.
      incoming.refuse('busy', 'the wiretap is not read');
      return;
    }
    this.#connections += 1;
    const { pod, containerPort, protocol, source } = metadata;
    const connection = this.#intake.connected({ id: this.#connections, pod, containerPort, protocol, source });
    const stream = incoming.accept();
    this.#streams.add(stream);
    void copy(stream, connection).then(() => this.#streams.delete(stream));
  }

  async #leave(): Promise<void> {
    await this.#entry.remove();
    for (const stream of this.#streams) stream.destroy();
    this.#phase = 'released';
    this.#intake.end();
    this.#parts.onEnd();
  }
}

/** Copies until the stream ends or breaks. Never rejects. */
async function copy(stream: Readable, connection: ConnectionIntake): Promise<void> {
  const decoder = new TapFrameDecoder();
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      for (const frame of decoder.decode(chunk)) connection.take(frame);
    }
  } catch {
    // The connection was cut, or carries what is no tap: either way there is no more of it.
  }
  stream.destroy();
  await connection.end();
}
