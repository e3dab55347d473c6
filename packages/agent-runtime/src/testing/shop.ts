import type { Settings } from 'node:http2';
import { FrameParty, FramePeer } from './frame-peer.ts';
import { GrpcParty } from './grpc-party.ts';
import { Http2Party, type StreamHandler } from './http2-party.ts';
import { type Proxied, type ProxiedOptions, personal, proxied } from './proxied.ts';

type Party = AsyncDisposable & { readonly port: number };

/** A served port between two parties: the app behind it, and the developer who holds the intercept `mine`. */
export interface Shop<P extends Party> extends Proxied {
  readonly app: P;
  readonly dev: P;
}

/** A shop that intercepts the requests of ada. */
async function shopOf<P extends Party>(app: P, dev: P, options: ProxiedOptions): Promise<Shop<P>> {
  const made = await proxied(app.port, { routes: personal('mine', 'ada'), ...options });
  made.diverter.holders.set('mine', dev.port);
  return {
    ...made,
    app,
    dev,
    async [Symbol.asyncDispose]() {
      await made[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
      await dev[Symbol.asyncDispose]();
    },
  };
}

/** Options of {@link http2Shop}. */
export interface Http2ShopOptions extends ProxiedOptions {
  /** What the developer does with a stream. */
  readonly dev?: StreamHandler;
  /** The developer's. */
  readonly settings?: Settings;
}

/** A shop whose parties are real servers of HTTP/2. */
export async function http2Shop({ dev, settings, ...options }: Http2ShopOptions = {}): Promise<Shop<Http2Party>> {
  return await shopOf(await Http2Party.start('app'), await Http2Party.start('dev', dev, settings), options);
}

/** A shop whose parties are real servers of gRPC. */
export async function grpcShop(): Promise<Shop<GrpcParty>> {
  return await shopOf(await GrpcParty.start('app'), await GrpcParty.start('dev'), {});
}

type Pairs = readonly (readonly [number, number])[];

/** Options of {@link frameShop}. */
export interface FrameShopOptions extends ProxiedOptions {
  /** Settings of the client, and of the app. */
  readonly client?: Pairs;
  readonly app?: Pairs;
  /** Stream 1 has no body. The default. */
  readonly isWhole?: boolean;
}

/** A shop with a client, all played frame by frame. */
export interface FrameShop extends Shop<FrameParty> {
  readonly client: FramePeer;
}

/** Stream 1 of the client is with the developer. */
export async function frameShop({
  client: ofClient = [],
  app: ofApp = [],
  isWhole = true,
  ...options
}: FrameShopOptions = {}): Promise<FrameShop> {
  const made = await shopOf(await FrameParty.start(...ofApp), await FrameParty.start(), options);
  const client = await FramePeer.connect(made.port.port, ...ofClient);
  client.ask(1, '/diverted', { 'x-user': 'ada' }, isWhole);
  await (await made.dev.peer()).frame('headers', 1);
  await (await made.app.peer()).frame('settings');
  return {
    ...made,
    client,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await made[Symbol.asyncDispose]();
    },
  };
}
