import type { TapFrame } from '@fairlead/core';
import type { TapConnection } from './tap-event.ts';

/** How complete a copy is: in exchanges, or in bytes for a wiretap of bytes. */
export interface TapStats {
  /** Of which this side heard, whether they came or not. */
  readonly seen: number;
  /** Handed to the reader. */
  readonly delivered: number;
  /** Not handed to the reader: they were not read in time, or could not be understood. */
  readonly dropped: number;
  /** Exchanges, or connections, of which something is missing. */
  readonly truncated: number;
}

/** Makes what a wiretap yields out of copied bytes, and keeps it for its reader within bounds. */
export interface TapIntake<Item> {
  readonly stats: TapStats;
  /** Whether nothing more is taken at the moment. */
  readonly isFull: boolean;
  /** A connection is copied. */
  connected(connection: TapConnection): ConnectionIntake;
  /** A connection is not copied, for want of room. */
  missedConnection(): void;
  /** The items in order, until {@link end}. */
  read(): AsyncGenerator<Item, void, undefined>;
  /** Takes nothing more. What is here can still be read; then the reading ends, or fails with the error. */
  end(error?: Error): void;
}

/** Takes the copy of one connection. */
export interface ConnectionIntake {
  take(frame: TapFrame): void;
  /** The connection is over. */
  end(): Promise<void>;
}
