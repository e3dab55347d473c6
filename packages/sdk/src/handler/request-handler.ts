/**
 * Answers a diverted request. `undefined` leaves the answer to the real app, as if it had never been diverted. What it
 * throws becomes a 502 for the caller and a `handler-failed` event for you; `Response.error()` cuts the connection, as when an
 * app crashes. What it returns is marked: see `servedByHeader` of the intercept.
 */
export type RequestHandler = (
  request: Request,
  context: HandlerContext,
) => Response | undefined | Promise<Response | undefined>;

/** What a handler knows beside the request. */
export interface HandlerContext {
  /**
   * Asks the real app and resolves with its answer, body decoded and still streaming. Without an argument the request
   * goes as it came, byte for byte in its headers; with one, that one goes. May be called more than once: the body is
   * kept up to 1 MiB, beyond that a second reading fails. The answer is cut when the exchange with the caller is over.
   */
  passthrough(request?: Request): Promise<Response>;
  /** Header names and values in turn, exactly as the caller wrote them. */
  readonly rawHeaders: readonly string[];
  /** Who called, as the traffic-agent saw it. */
  readonly source: CallSource;
  /** The pod that the request had reached. */
  readonly pod: string;
  /** The container port that the request was for. */
  readonly containerPort: number;
  /** The intercept's name. */
  readonly intercept: string;
}

/** The caller's end of a connection. */
export interface CallSource {
  /** An IP address. */
  readonly address: string;
  /** Its port. */
  readonly port: number;
}
