import type { Phase, PhaseHost } from '../proxy/phase.ts';
import type { CompiledIntercept } from '../proxy/routes.ts';
import type { Side } from '../proxy/side.ts';
import { mayBeServerPreface, preface } from './preface.ts';

/** So much of what the client says is kept until it is known who gets it, in bytes. */
const mostEarlyBytes = 65_536;

/**
 * The client speaks HTTP/2, and an intercept wants whole connections, but for the kubelet's probes. When the app speaks
 * HTTP/2 as well, streams can be told apart; else the holder gets the connection as it is.
 */
export class UnprovenPhase implements Phase {
  readonly #host: PhaseHost;
  readonly #intercept: CompiledIntercept;
  readonly #early: Buffer[];
  #bytes: number;

  /** The bytes are the preface and what came with it. */
  constructor(host: PhaseHost, intercept: CompiledIntercept, bytes: Buffer) {
    this.#host = host;
    this.#intercept = intercept;
    this.#early = [bytes];
    this.#bytes = bytes.length;
    host.arm(host.port.limits.sniffTimeoutMs, () => this.#divert());
    host.current = host.sides.app();
    // Nobody acts upon it, and servers that wait for it say their settings then.
    host.current.write(preface);
  }

  clientSent(bytes: Buffer): void {
    this.#early.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= mostEarlyBytes) this.#host.hold();
  }

  clientEnded(): void {
    this.#divert();
  }

  sideSent(side: Side, bytes: Buffer): void {
    if (!mayBeServerPreface(bytes)) {
      this.#divert();
      return;
    }
    const host = this.#host;
    host.becomeHttp2({ hasPreface: true });
    host.phase.sideSent(side, bytes);
    host.phase.clientSent(Buffer.concat(this.#early));
    host.release();
  }

  sideEnded(): void {
    this.#divert();
  }

  sideLost(): void {
    this.#divert();
  }

  routesChanged(): void {}

  drain(): void {
    this.#host.close();
  }

  #divert(): void {
    const host = this.#host;
    const { routes, counters } = host.port;
    const { current } = host;
    if (current) {
      host.forget(current);
      current.finish();
    }
    counters.diverted += 1;
    const taps = routes.wiretaps.length > 0 ? host.taps.forConnection(routes) : undefined;
    host.becomeRaw(host.sides.whole(this.#intercept), this.#early, taps);
  }
}
