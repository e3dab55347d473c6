/** What bounds the proxy's time and memory. */
export interface ProxyLimits {
  /** Connections that the kernel keeps for us before they are accepted. */
  readonly backlog: number;
  /** How long a new connection may be silent or undecided before the app is connected, on a port with matches. */
  readonly sniffTimeoutMs: number;
  /** How long the head of a later request may take to arrive. */
  readonly headTimeoutMs: number;
  /** How long the tunnel may take to accept a diverted stream before the app answers instead. */
  readonly acceptTimeoutMs: number;
  /**
   * How long a new connection of a `tcp` intercept is held for its first bytes, which tell the kubelet's probes apart
   * and travel with the opening of the stream. Short, as servers of some protocols speak first.
   */
  readonly firstBytesWaitMs: number;
  /** How long a diverted stream may be idle and still get another request; shorter than what local servers allow. */
  readonly reuseIdleMs: number;
  /** How long a connection that we ended may take to close. */
  readonly lingerMs: number;
  /** Client bytes of a diverted connection kept for the app, should the tunnel fail. */
  readonly replayBytes: number;
  /** Unanswered requests of one connection that are followed. */
  readonly pipelineDepth: number;
  /** Copied bytes that wait for a slow wiretap, per connection. */
  readonly tapBytes: number;
  /** How long a caller of a UDP port may be silent before it counts as a new one. */
  readonly flowIdleMs: number;
  /** Callers of one UDP port that are told apart at once. */
  readonly flows: number;
  /** Bytes of datagrams that wait in one direction of a flow; newer ones are dropped. */
  readonly flowQueueBytes: number;
  /** How long an answer to a datagram may take for it to be sent to the app, should the tunnel fail meanwhile. */
  readonly answerMs: number;
  /** How long the app is asked before it is tried again to divert a flow that nobody took. */
  readonly retryMs: number;
}

/** The limits unless told otherwise. */
export const defaultProxyLimits: ProxyLimits = {
  backlog: 4096,
  sniffTimeoutMs: 2000,
  headTimeoutMs: 60_000,
  acceptTimeoutMs: 5000,
  firstBytesWaitMs: 10,
  reuseIdleMs: 3000,
  lingerMs: 2000,
  replayBytes: 65_536,
  pipelineDepth: 256,
  tapBytes: 262_144,
  flowIdleMs: 60_000,
  flows: 4096,
  flowQueueBytes: 262_144,
  answerMs: 5000,
  retryMs: 1000,
};
