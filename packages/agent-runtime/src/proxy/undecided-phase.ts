import { requestIn } from '../http1/request-reader.ts';
import { isPreface } from '../http2/preface.ts';
import { copyTo, tellServedBy } from './connection-taps.ts';
import type { Phase, PhaseHost } from './phase.ts';

/**
 * A new connection that an intercept without a match wants. Its first bytes are given a moment to arrive: they tell the
 * kubelet's probes apart. Nobody waits longer than that, as the server may be the one to speak first.
 */
export class UndecidedPhase implements Phase {
  readonly #host: PhaseHost;

  constructor(host: PhaseHost) {
    this.#host = host;
    host.arm(host.port.limits.firstBytesWaitMs, () => this.#decide());
    host.release();
  }

  clientSent(bytes: Buffer): void {
    this.#decide(bytes);
  }

  clientEnded(): void {
    this.#decide();
  }

  sideSent(): void {}
  sideEnded(): void {}
  sideLost(): void {}

  routesChanged(): void {
    if (!this.#host.port.routes.tcp) this.#host.becomeHttp();
  }

  drain(): void {
    this.#host.close();
  }

  #decide(bytes?: Buffer): void {
    const host = this.#host;
    const { routes, counters } = host.port;
    const request = bytes && requestIn(bytes);
    if (!routes.tcp || (request && !routes.tcp.wants(request))) {
      host.becomeHttp(bytes);
      return;
    }
    if (bytes && !routes.tcp.includeProbes && isPreface(bytes)) {
      host.becomeUnproven(routes.tcp, bytes);
      return;
    }
    const side = host.sides.whole(routes.tcp);
    counters.diverted += 1;
    if (!bytes) side.open();
    const taps = routes.wiretaps.length > 0 ? host.taps.forConnection(routes, request) : undefined;
    if (taps) tellServedBy(taps, side);
    if (taps && bytes) copyTo(taps, 'request', bytes);
    host.becomeRaw(side, bytes ? [bytes] : [], taps);
  }
}
