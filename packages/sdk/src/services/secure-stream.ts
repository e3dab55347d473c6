import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { FairleadError } from '@fairlead/core';

/** How a Service is spoken to by TLS; the names and meanings are those of undici's `Agent({ connect })` and of node:tls. */
export interface ServiceTlsOptions
  extends Pick<
    ConnectionOptions,
    'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'rejectUnauthorized' | 'checkServerIdentity'
  > {}

/** What OpenSSL and Node say of certificates that they do not accept. */
const ofCertificates =
  /^(?:CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERROR_IN_CERT_|ERR_TLS_CERT_|INVALID_|PATH_LENGTH_|HOSTNAME_)/;

/**
 * TLS over a stream to a Service of that name, ready to be written to. Fails with `bad-certificate`, with `bad-request` for
 * options that TLS cannot use, with `connection-lost`, or with the signal's reason.
 */
export async function secureStream(
  stream: Duplex,
  name: string,
  options: ServiceTlsOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  const secured = start(stream, name, options);
  secured.on('error', () => {});
  try {
    await once(secured, 'secureConnect', { signal });
    return secured;
  } catch (error) {
    secured.destroy();
    stream.destroy();
    signal.throwIfAborted();
    throw translated(error, name);
  }
}

function start(stream: Duplex, name: string, options: ServiceTlsOptions): TLSSocket {
  try {
    // What answers here is read as HTTP/1.
    return connect({ servername: name, ...options, socket: stream, ALPNProtocols: ['http/1.1'] });
  } catch (error) {
    stream.destroy();
    throw new FairleadError('bad-request', `the options for TLS with ${name} cannot be used: ${said(error)}`, {
      phase: 'input',
      cause: error,
    });
  }
}

function translated(error: unknown, name: string): FairleadError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isAboutCertificate = ofCertificates.test(code);
  const what = isAboutCertificate ? `the certificate of ${name} is not accepted` : `TLS with ${name} failed`;
  return new FairleadError(isAboutCertificate ? 'bad-certificate' : 'connection-lost', `${what}: ${said(error)}`, {
    phase: 'serve',
    cause: error,
  });
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
