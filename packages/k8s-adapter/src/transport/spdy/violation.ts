import { FairleadError } from '@fairlead/core';

/** The error for a server that does what no server of SPDY/3.1 does. */
export function violation(what: string): FairleadError {
  return new FairleadError('connection-lost', `the server does not keep to SPDY/3.1: ${what}`, {
    phase: 'tunnel',
    hint: 'Something between here and the API server changes what it passes on; look for proxies.',
  });
}
