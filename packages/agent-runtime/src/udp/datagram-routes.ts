import { FairleadError, type PortRoutes } from '@fairlead/core';
import { compileRoutes, type RouteTable } from '../proxy/routes.ts';

/** Compiles the routes of a UDP port. Fails with `unsupported` when they ask for requests or for copies. */
export function compileDatagramRoutes(routes: PortRoutes): RouteTable {
  if (routes.intercepts.some(({ match }) => match) || routes.wiretaps.length > 0) {
    const message = 'datagrams are neither matched nor copied: a UDP port is intercepted as a whole';
    throw new FairleadError('unsupported', message, { phase: 'agents' });
  }
  return compileRoutes(routes);
}
