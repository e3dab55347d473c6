import {
  createSystemClock,
  DatagramDecoder,
  encodeDatagram,
  ManualClock,
  MemoryLogger,
  type PortProxy,
} from '@fairlead/core';
import { NodeTrafficProxy } from '../proxy/node-traffic-proxy.ts';
import type { ProxyLimits } from '../proxy/proxy-limits.ts';
import { MemoryDiverter, type ScriptedStream } from './memory-diverter.ts';
import { UdpCaller } from './udp-party.ts';

/** A served UDP port. */
export interface DatagramProxied extends AsyncDisposable {
  readonly port: PortProxy;
  readonly diverter: MemoryDiverter;
  readonly clock: ManualClock;
  readonly logger: MemoryLogger;
  caller(): UdpCaller;
}

/** Options of {@link datagramProxied}. */
export interface DatagramProxiedOptions {
  readonly limits?: Partial<ProxyLimits>;
  /** The port's time stands still until a test moves it. */
  readonly isManual?: boolean;
  /** Where to listen; undefined is all addresses. */
  readonly host?: string | undefined;
  readonly appHosts?: readonly [string, ...string[]];
}

/** Serves a UDP port of this machine in front of an app. */
export async function datagramProxied(
  appPort: number,
  { limits, isManual = false, appHosts = ['127.0.0.1'], ...options }: DatagramProxiedOptions = {},
): Promise<DatagramProxied> {
  const diverter = new MemoryDiverter();
  const clock = new ManualClock({ settle: () => new Promise((resolve) => setTimeout(resolve, 5)) });
  const logger = new MemoryLogger();
  const [appHost, ...otherAppHosts] = appHosts;
  const proxy = new NodeTrafficProxy({
    diverter,
    clock: isManual ? clock : createSystemClock({ now: Date.now, setTimeout, clearTimeout }),
    logger,
    otherAppHosts,
    ...(limits && { limits }),
  });
  const host = 'host' in options ? options.host : '127.0.0.1';
  const port = await proxy.listen({ ...(host && { host }), agentPort: 0, appHost, appPort, protocol: 'UDP' });
  const callers: UdpCaller[] = [];
  return {
    port,
    diverter,
    clock,
    logger,
    caller: () => {
      const caller = new UdpCaller(port.port);
      callers.push(caller);
      return caller;
    },
    async [Symbol.asyncDispose]() {
      for (const caller of callers) caller[Symbol.dispose]();
      await port[Symbol.asyncDispose]();
    },
  };
}

/** A holder that takes every stream and answers each datagram with its name. */
export function answersAs(name: string): (stream: ScriptedStream) => void {
  return (stream) => {
    stream.accept();
    answerWith(stream, (text) => `${name}: ${text}`);
  };
}

/** Answers the datagrams of a stream, unless with nothing. */
export function answerWith(stream: ScriptedStream, answer: (text: string) => string | undefined): void {
  let seen = 0;
  stream.onReceived = () => {
    const datagrams = new DatagramDecoder().decode(stream.received);
    for (const datagram of datagrams.slice(seen)) {
      const said = answer(Buffer.from(datagram).toString('latin1'));
      if (said !== undefined) stream.answer(Buffer.from(encodeDatagram(Buffer.from(said, 'latin1'))));
    }
    seen = datagrams.length;
  };
}
