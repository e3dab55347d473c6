import { FairleadError, parsePortIdentifier } from '@fairlead/core';

/** What `--port` says: a service port by name or number, and perhaps where its traffic goes. */
export interface PortArgument {
  /** `53/UDP` where the protocol was said. */
  readonly port: string | number;
  /** A port of this machine. */
  readonly local?: number;
}

/** Reads `SVCPORT[/TCP|/UDP][:LOCAL]`. Fails with `bad-request`. */
export function parsePortArgument(text: string): PortArgument {
  const [remote = '', local, ...rest] = text.split(':');
  if (remote === '' || rest.length > 0) throw badPort(text);
  const port = /^\d+$/.test(remote) ? parsePortNumber(remote) : parseNamedPort(remote);
  return local === undefined ? { port } : { port, local: parsePortNumber(local) };
}

/** A name, or anything with its protocol. */
function parseNamedPort(text: string): string {
  if (!text.includes('/')) return text;
  const identifier = parsePortIdentifier(text);
  if (!identifier?.protocol) throw badPort(text);
  return `${identifier.port}/${identifier.protocol}`;
}

/** A port number, 1 to 65535. Fails with `bad-request`. */
export function parsePortNumber(text: string): number {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > 65535) throw badPort(text);
  return number;
}

function badPort(text: string): FairleadError {
  return new FairleadError('bad-request', `"${text}" is not a port`, {
    hint: 'Write SVCPORT or SVCPORT:LOCAL, where SVCPORT is a name or number of a service port, as in http, 8080 or 53/UDP.',
  });
}
