/**
 * How long the body of a message is: a number of bytes, or one of {@link chunked} and {@link untilClose}. One number
 * rather than a union of objects, because it is asked for with every request that passes.
 */
export type BodyLength = number;

/** The body is sent in chunks; it ends with a chunk of size 0 and its trailers. */
export const chunked: BodyLength = -1;

/** The body ends when its sender closes the connection. Answers only. */
export const untilClose: BodyLength = -2;
