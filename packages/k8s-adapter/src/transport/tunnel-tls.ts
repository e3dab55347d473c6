import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { abortable, type CallOptions, FairleadError } from '@fairlead/core';

/** How a dialler knows the manager, and how the manager may know the dialler. One of `ca` and `fingerprint` is needed. */
export interface TunnelTls {
  /** PEM: who may have signed the manager's certificate. */
  readonly ca?: string | undefined;
  /** SHA-256 of the manager's certificate in hexadecimal, colons or not. With `ca`, both must fit. */
  readonly fingerprint?: string | undefined;
  /** The name that the certificate must bear. Default: the address that is dialled. */
  readonly servername?: string | undefined;
  /** What the dialler shows. Default nothing. PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
}

/** A fixed {@link TunnelTls}, or what gives the present one at each dial. */
export type TunnelTlsSource = TunnelTls | ((options: CallOptions) => Promise<TunnelTls>);

/** The present value of the source. Fails with `bad-request` when it would trust anybody. */
export async function resolveTls(source: TunnelTlsSource, options: CallOptions): Promise<TunnelTls> {
  const tls = typeof source === 'function' ? await source(options) : source;
  if (tls.ca || tls.fingerprint) return tls;
  throw new FairleadError('bad-request', 'neither a CA nor a fingerprint says how to know the manager', {
    phase: 'tunnel',
  });
}

/**
 * Speaks TLS over a stream, or over a new TCP connection. Resolves when the manager has proven to be the one; else fails
 * with `unreachable`, and nothing is left open.
 */
export async function openTls(
  over: { readonly socket: Duplex } | { readonly host: string; readonly port: number },
  tls: TunnelTls,
  servername: string,
  options: CallOptions,
): Promise<TLSSocket> {
  const { ca, fingerprint, certificate } = tls;
  const name = tls.servername ?? servername;
  const settings: ConnectionOptions = {
    ...('socket' in over ? { socket: over.socket, host: name } : over),
    // An address is no name to ask for; it is compared with the certificate all the same.
    servername: isIP(name) === 0 ? name : '',
    minVersion: 'TLSv1.3',
    // Whoever is known by fingerprint only is checked below.
    rejectUnauthorized: ca !== undefined,
    ...(ca !== undefined && { ca }),
    ...certificate,
  };
  const secured = connectTls(settings);
  const handshake = new Promise<void>((resolve, reject) => {
    secured.once('secureConnect', resolve);
    secured.once('error', reject);
    secured.once('close', () => reject(new Error('the connection was closed during the handshake')));
    if ('socket' in over) over.socket.once('error', reject);
  });
  try {
    await abortable(handshake, options);
    checkFingerprint(secured, fingerprint);
  } catch (error) {
    secured.on('error', () => {});
    secured.destroy();
    if ('socket' in over) over.socket.on('error', () => {}).destroy();
    options.signal?.throwIfAborted();
    throw FairleadError.from(error, 'unreachable', 'the manager cannot be reached by TLS');
  }
  return secured;
}

function checkFingerprint(secured: TLSSocket, wanted: string | undefined): void {
  if (wanted === undefined) return;
  const plain = (text: string): string => text.replaceAll(':', '').toLowerCase();
  const found = secured.getPeerX509Certificate()?.fingerprint256 ?? 'none';
  if (plain(found) === plain(wanted)) return;
  throw new FairleadError('unreachable', `the manager shows another certificate than expected: ${plain(found)}`, {
    hint: 'The manager was installed anew, or somebody stands in between: get its present fingerprint in a safe way.',
  });
}
