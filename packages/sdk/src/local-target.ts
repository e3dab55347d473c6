import { FairleadError } from '@fairlead/core';

/** A server of this machine: a port of 127.0.0.1, `host:port`, or a URL of scheme http or tcp without a path. */
export type LocalTarget = number | string | URL | LocalAddress;

/** Where to connect. */
export interface LocalAddress {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  readonly port: number;
}

/** A target that was read. */
export type ParsedTarget = Readonly<Required<Pick<LocalAddress, 'port'>>> & { readonly host: string };

/** Reads a target. Fails with `bad-request`. */
export function parseLocalTarget(target: LocalTarget): ParsedTarget {
  if (typeof target === 'number') return checked('127.0.0.1', target, target);
  if (target instanceof URL) return fromUrl(target);
  if (typeof target === 'string') return fromText(target);
  if (typeof target !== 'object' || target === null) throw badTarget(target);
  return checked(target.host ?? '127.0.0.1', target.port, target);
}

/** The target in messages. */
export function formatTarget({ host, port }: ParsedTarget): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function fromText(text: string): ParsedTarget {
  if (/^\d+$/.test(text)) return checked('127.0.0.1', Number(text), text);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    if (!URL.canParse(text)) throw badTarget(text);
    return fromUrl(new URL(text));
  }
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:/?#[\]]*)):(\d+)$/.exec(text) ?? [];
  return checked(bracketed ?? (plain || '127.0.0.1'), Number(port), text);
}

function fromUrl(url: URL): ParsedTarget {
  if (url.protocol !== 'http:' && url.protocol !== 'tcp:') {
    throw badTarget(url.href, 'Bytes are passed on as they come: use http://host:port, also for a server with TLS.');
  }
  const isBare =
    (url.pathname === '' || url.pathname === '/') && url.search === '' && url.hash === '' && url.username === '';
  if (!isBare) throw badTarget(url.href, 'Only host and port may be named: paths pass through unchanged.');
  const port = url.port === '' && url.protocol === 'http:' ? 80 : Number(url.port);
  return checked(url.hostname.replace(/^\[(.*)\]$/, '$1'), port, url.href);
}

function checked(host: string, port: number, given: unknown): ParsedTarget {
  if (!Number.isInteger(port) || port < 1 || port > 65535 || typeof host !== 'string' || host === '')
    throw badTarget(given);
  return { host, port };
}

function badTarget(given: unknown, hint = 'Write a port, "host:port" or "http://host:port".'): FairleadError {
  return new FairleadError('bad-request', `to: ${JSON.stringify(given)} is not a local server`, {
    phase: 'input',
    hint,
  });
}
