import type { TapDirection } from '@fairlead/core';
import type { CallSource } from '../handler/request-handler.ts';

/** A connection whose bytes are copied. The same object in all of its events. */
export interface TapConnection {
  /** Counts from 1 in each wiretap. */
  readonly id: number;
  readonly pod: string;
  readonly containerPort: number;
  /**
   * `http1`: whole HTTP/1 requests that matched, and their answers. `http2`: the same as streams of a connection of HTTP/2
   * whose header blocks spell everything out.
   */
  readonly protocol: 'tcp' | 'http1' | 'http2';
  /** Who called. */
  readonly source: CallSource;
}

/** What a wiretap yields. */
export type TapEvent =
  /** Bytes of one direction, in order; how they are cut into pieces says nothing. */
  | {
      readonly type: 'bytes';
      readonly connection: TapConnection;
      readonly direction: TapDirection;
      readonly bytes: Uint8Array;
    }
  /** So many bytes are missing here, because they came faster than they were read. */
  | {
      readonly type: 'dropped';
      readonly connection: TapConnection;
      readonly direction: TapDirection;
      readonly count: number;
    }
  /** Nothing more will come of this connection. */
  | { readonly type: 'end'; readonly connection: TapConnection };
