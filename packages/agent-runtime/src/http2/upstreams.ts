import { AppSide } from '../proxy/app-side.ts';
import { DivertedSide } from '../proxy/diverted-side.ts';
import type { StreamOrigin } from '../proxy/diverter.ts';
import type { PhaseHost } from '../proxy/phase.ts';
import type { CompiledIntercept } from '../proxy/routes.ts';
import type { SideOwner } from '../proxy/side.ts';
import { sourceOf } from '../proxy/sides.ts';
import type { ClientWindow } from './client-window.ts';
import { Upstream, type UpstreamOwner } from './upstream.ts';

/** The connections of one client connection to those who answer its diverted streams. */
export class Upstreams {
  readonly #host: PhaseHost;
  readonly #owner: UpstreamOwner;
  readonly #window: ClientWindow;
  /** Each with its intercept; undefined: to the app. */
  readonly #open = new Map<Upstream, string | undefined>();

  constructor(host: PhaseHost, owner: UpstreamOwner, window: ClientWindow) {
    this.#host = host;
    this.#owner = owner;
    this.#window = window;
  }

  /** One to the holder of an intercept that takes another stream. */
  toHolder(intercept: CompiledIntercept): Upstream {
    let mostStreams: number | undefined;
    for (const [upstream, id] of this.#open) {
      if (id !== intercept.id) continue;
      if (upstream.canOpen) return upstream;
      mostStreams = upstream.mostStreams;
    }
    const { client, port } = this.#host;
    const { containerPort, diverter, clock, limits } = port;
    const origin: StreamOrigin = { containerPort, protocol: 'http2', source: sourceOf(client) };
    const open = (owner: SideOwner): DivertedSide =>
      new DivertedSide({ owner, intercept, origin, diverter, clock, limits });
    return this.#connect(open, intercept.id, mostStreams);
  }

  /** One of our own to the app: on the client's, numbers that were passed over cannot be used any more. */
  toApp(): Upstream {
    for (const [upstream, id] of this.#open) if (id === undefined && upstream.canOpen) return upstream;
    const { app, pool } = this.#host.port;
    return this.#connect((owner) => new AppSide(owner, app, pool), undefined, undefined);
  }

  /** The client takes so much on each stream from now on. */
  resize(window: number): void {
    for (const upstream of this.#open.keys()) upstream.resize(window);
  }

  /** The client can take no more bytes at present. */
  pause(): void {
    for (const upstream of this.#open.keys()) upstream.pause();
  }

  /** The client can take bytes again. */
  resume(): void {
    for (const upstream of this.#open.keys()) upstream.resume();
  }

  /** It is closed. */
  forget(upstream: Upstream): void {
    this.#open.delete(upstream);
  }

  /** Closes those that nobody needs any more: to holders of intercepts that are no more. */
  retire(): void {
    const { intercepts } = this.#host.port.routes;
    for (const [upstream, id] of this.#open) {
      if (id === undefined || upstream.size > 0 || intercepts.has(id)) continue;
      this.#open.delete(upstream);
      upstream.finish();
    }
  }

  /** The client has gone: closes all. */
  end(isReset: boolean): void {
    for (const upstream of this.#open.keys()) {
      if (isReset) upstream.abort();
      else upstream.finish();
    }
    this.#open.clear();
  }

  #connect(
    open: (owner: SideOwner) => DivertedSide | AppSide,
    intercept: string | undefined,
    mostStreams: number | undefined,
  ): Upstream {
    const window = this.#window.ofStreams;
    const upstream = new Upstream({ client: this.#host.client, owner: this.#owner, open, window, mostStreams });
    this.#open.set(upstream, intercept);
    return upstream;
  }
}
