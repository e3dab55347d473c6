/**
 * Why one stream was ended before its time.
 *
 * - `refused`: the receiver does not want this stream
 * - `cancelled`: the side that ended it has no more use for it
 * - `protocol-error`: what the stream carries makes no sense to the receiver
 * - `flow-control`: more bytes than the credit allowed
 * - `timeout`: nobody answered in time
 * - `gone`: what stood behind the stream went away
 * - `internal`: a failure of the program at that end
 * - `busy`: the receiver has as many streams as it can take
 * - `going-away`: the receiver takes no new streams
 */
export type ResetReason =
  | 'refused'
  | 'cancelled'
  | 'protocol-error'
  | 'flow-control'
  | 'timeout'
  | 'gone'
  | 'internal'
  | 'busy'
  | 'going-away';

const numbers: Readonly<Record<ResetReason, number>> = {
  refused: 1,
  cancelled: 2,
  'protocol-error': 3,
  'flow-control': 4,
  timeout: 5,
  gone: 6,
  internal: 7,
  busy: 8,
  'going-away': 9,
};

const names: ReadonlyMap<number, ResetReason> = new Map(
  Object.entries(numbers).map(([name, number]) => [number, name as ResetReason]),
);

/** The number of a reason on the wire. */
export function resetReasonNumber(reason: ResetReason): number {
  return numbers[reason];
}

/** The reason behind a number; numbers of a later version read as `internal`. */
export function resetReasonOf(number: number): ResetReason {
  return names.get(number) ?? 'internal';
}
