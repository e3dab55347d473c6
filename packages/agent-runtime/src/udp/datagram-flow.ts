import { callerAddress } from '../proxy/caller-address.ts';
import type { CompiledIntercept, RouteTable } from '../proxy/routes.ts';
import { AppDatagrams } from './app-datagrams.ts';
import type { DatagramPortContext, DatagramSource } from './datagram-port-context.ts';
import { DivertedDatagrams } from './diverted-datagrams.ts';

/**
 * The datagrams of one caller. Each goes to the holder of the intercept that is in force when it comes, or else to the
 * app; answers of either go back to the caller, also when they come after a change.
 */
export class DatagramFlow implements Disposable {
  readonly #source: DatagramSource;
  readonly #port: DatagramPortContext;
  #app: AppDatagrams | undefined;
  #diverted: { readonly intercept: CompiledIntercept; readonly side: DivertedDatagrams } | undefined;
  /** Nothing more is sent to these; their answers may still come. */
  readonly #ending = new Set<DivertedDatagrams>();
  /** Until then the app is asked, as nobody took what was diverted. */
  #appUntil = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #unanswered = 0;

  constructor(source: DatagramSource, port: DatagramPortContext) {
    this.#source = source;
    this.#port = port;
  }

  /** Whether an answer is likely to come: more datagrams came than went, and not long ago. */
  get awaitsAnswer(): boolean {
    const { clock, limits } = this.#port;
    return this.#unanswered > 0 && clock.now() - this.#askedAt < limits.lingerMs;
  }

  /** Takes a datagram of the caller. */
  take(datagram: Buffer): void {
    const { routes, clock, counters } = this.#port;
    const now = clock.now();
    counters.bytesIn += datagram.length;
    this.#askedAt = now;
    this.#unanswered += 1;
    if (routes.tcp && now >= this.#appUntil) this.#divertedTo(routes.tcp).send(datagram);
    else this.#askApp(datagram);
  }

  /** Other routes are in force. What is under way goes on, unless an intercept wants it cut. */
  routesChanged({ intercepts, tcp }: RouteTable): void {
    const diverted = this.#diverted;
    this.#appUntil = Number.NEGATIVE_INFINITY;
    if (tcp?.toggle === 'cut' && diverted?.intercept.id !== tcp.id) this.#closeApp();
    if (diverted && !intercepts.has(diverted.intercept.id)) this.#leave(diverted.intercept.toggle);
  }

  /** Ends the flow. */
  [Symbol.dispose](): void {
    this.#closeApp();
    if (this.#diverted) this.#leave('drain');
  }

  #askApp(datagram: Buffer): void {
    const { app, clock, limits, drop } = this.#port;
    this.#app ??= new AppDatagrams({
      address: app,
      clock,
      queueBytes: limits.flowQueueBytes,
      answered: (answer) => this.#answer(answer),
      dropped: drop,
    });
    this.#app.send(datagram);
  }

  #closeApp(): void {
    this.#app?.[Symbol.dispose]();
    this.#app = undefined;
  }

  #divertedTo(intercept: CompiledIntercept): DivertedDatagrams {
    if (this.#diverted?.intercept.id === intercept.id) return this.#diverted.side;
    const { containerPort, diverter, clock, limits, counters, drop } = this.#port;
    if (this.#diverted) this.#leave(this.#diverted.intercept.toggle);
    const { address, port } = this.#source;
    const side = new DivertedDatagrams({
      intercept: intercept.id,
      origin: { containerPort, protocol: 'udp', source: { address: callerAddress(address), port } },
      diverter,
      clock,
      limits,
      answered: (answer) => this.#answer(answer),
      dropped: () => drop(1, 'the holder of the intercept is too slow'),
      lost: (unanswered, error) => this.#lost(side, unanswered, error),
      over: () => this.#forget(side),
    });
    this.#diverted = { intercept, side };
    counters.diverted += 1;
    return side;
  }

  /** The app gets what was not answered, and for a moment what follows. */
  #lost(side: DivertedDatagrams, unanswered: readonly Buffer[], error: Error): void {
    const { clock, limits, counters, logger } = this.#port;
    const { intercept } = this.#diverted ?? {};
    const isCurrent = this.#diverted?.side === side;
    this.#forget(side);
    if (isCurrent) this.#appUntil = clock.now() + limits.retryMs;
    counters.fellBack += 1;
    logger.debug({ intercept: intercept?.id, cause: error.message }, 'datagrams go to the app instead');
    for (const datagram of unanswered) this.#askApp(datagram);
  }

  #leave(toggle: CompiledIntercept['toggle']): void {
    const side = this.#diverted?.side;
    this.#diverted = undefined;
    if (!side) return;
    if (toggle === 'cut') {
      side[Symbol.dispose]();
    } else {
      this.#ending.add(side);
      side.finish();
    }
  }

  #forget(side: DivertedDatagrams): void {
    this.#ending.delete(side);
    if (this.#diverted?.side === side) this.#diverted = undefined;
  }

  #answer(datagram: Uint8Array): void {
    this.#unanswered = Math.max(0, this.#unanswered - 1);
    this.#port.answer(this.#source, datagram);
  }
}
