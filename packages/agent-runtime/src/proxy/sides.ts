import type { Socket } from 'node:net';
import { AppSide } from './app-side.ts';
import { callerAddress } from './caller-address.ts';
import { DivertedSide } from './diverted-side.ts';
import type { StreamOrigin } from './diverter.ts';
import type { PortContext } from './port-context.ts';
import type { CompiledIntercept, RouteTable } from './routes.ts';
import type { Side, SideOwner } from './side.ts';

const none: readonly DivertedSide[] = [];

/** The parties that one client connection has to do with, each opened when it is first needed. */
export class Sides {
  readonly #owner: SideOwner;
  readonly #port: PortContext;
  #app: AppSide | undefined;
  #diverted: Map<string, DivertedSide> | undefined;

  constructor(owner: SideOwner, port: PortContext) {
    this.#owner = owner;
    this.#port = port;
  }

  /** The app; connects when that was not done. */
  app(): AppSide {
    this.#app ??= new AppSide(this.#owner, this.#port.app, this.#port.pool);
    return this.#app;
  }

  /** The holder of an intercept, for another request: the same stream as long as that is safe. */
  diverted(intercept: CompiledIntercept): DivertedSide {
    const known = this.#diverted?.get(intercept.id);
    if (known?.isFresh) return known;
    known?.finish();
    return this.#open(intercept, false);
  }

  /** The holder of an intercept, for the whole connection. */
  whole(intercept: CompiledIntercept): DivertedSide {
    return this.#open(intercept, true);
  }

  /** Takes a side out of the books, without closing it. */
  forget(side: Side): void {
    if (side === this.#app) this.#app = undefined;
    else if (side instanceof DivertedSide && this.#diverted?.get(side.intercept.id) === side) {
      this.#diverted.delete(side.intercept.id);
    }
  }

  /** The streams to holders of intercepts that are no more. */
  stale(routes: RouteTable): readonly DivertedSide[] {
    return this.#all().filter((side) => !routes.intercepts.has(side.intercept.id));
  }

  /** Closes all but one. */
  finish(except?: Side): void {
    const app = this.#app;
    if (app && app !== except) {
      this.#app = undefined;
      app.finish();
    }
    for (const side of this.#all()) {
      if (side === except) continue;
      this.forget(side);
      side.finish();
    }
  }

  /** Cuts all off. */
  abort(): void {
    this.#app?.abort();
    this.#app = undefined;
    for (const side of this.#all()) {
      this.forget(side);
      side.abort();
    }
  }

  /** The client can take bytes again. */
  resume(): void {
    this.#app?.resume();
    for (const side of this.#all()) side.resume();
  }

  /** The streams to holders of intercepts. Most connections have none. */
  #all(): readonly DivertedSide[] {
    return this.#diverted === undefined ? none : [...this.#diverted.values()];
  }

  #open(intercept: CompiledIntercept, isWhole: boolean): DivertedSide {
    const { containerPort, diverter, clock, limits } = this.#port;
    const origin: StreamOrigin = {
      containerPort,
      protocol: isWhole ? 'tcp' : 'http1',
      source: sourceOf(this.#owner.client),
    };
    const side = new DivertedSide({ owner: this.#owner, intercept, origin, diverter, clock, limits });
    this.#diverted ??= new Map();
    this.#diverted.set(intercept.id, side);
    return side;
  }
}

/** Who connected. */
export function sourceOf(client: Socket): StreamOrigin['source'] {
  return { address: callerAddress(client.remoteAddress ?? ''), port: client.remotePort ?? 0 };
}
