import type { Match } from '@fairlead/core';
import { matchFromArguments } from './match-argument.ts';
import { type PortArgument, parsePortArgument } from './port-argument.ts';

/** The options with which `intercept` and `wiretap` say which traffic is meant. */
export interface TrafficArguments {
  readonly port?: readonly string[];
  readonly service?: string;
  readonly container?: string;
  readonly header?: readonly string[];
  readonly pathPrefix?: string;
  readonly method?: string;
}

/** The traffic that the options mean, as the SDK takes it. */
export interface WantedTraffic {
  readonly ports: readonly PortArgument[];
  readonly service: string | undefined;
  readonly container: string | undefined;
  readonly match: Match | undefined;
}

/** Reads the options. Fails with `bad-request`. */
export function readTraffic(options: TrafficArguments): WantedTraffic {
  return {
    ports: (options.port ?? []).map(parsePortArgument),
    service: options.service,
    container: options.container,
    match: matchFromArguments(options),
  };
}
