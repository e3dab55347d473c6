import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls';
import { FairleadError, type Logger, SilentLogger } from '@fairlead/core';
import type { CertificateSource } from './certificate-source.ts';
import type { TlsMaterial } from './tls-material.ts';

/**
 * Lets TLS servers change their certificate while they run: connections that are there go on, new ones meet the new
 * certificate. Serves any number of servers.
 */
export class HotReloadingTls {
  readonly #servers = new Set<Server>();
  #options: SecureContextOptions;

  /** Fails with `bad-config` when one cannot serve with this. */
  constructor(material: TlsMaterial) {
    this.#options = usable(material);
  }

  /** What a server is to be created with. TLS 1.2 at least. */
  get options(): SecureContextOptions {
    return this.#options;
  }

  /** How many servers follow. */
  get servers(): number {
    return this.#servers.size;
  }

  /** Has this server follow, until what is returned is disposed. */
  attach(server: Server): Disposable {
    this.#servers.add(server);
    return { [Symbol.dispose]: () => void this.#servers.delete(server) };
  }

  /** Serves with this from the next connection on. Fails with `bad-config`, and then goes on with what there was. */
  replace(material: TlsMaterial): void {
    this.#options = usable(material);
    for (const server of this.#servers) server.setSecureContext(this.#options);
  }

  /** Takes over every change of a source until the signal aborts. What cannot be served with is logged and left out. */
  async follow(
    source: Pick<CertificateSource, 'watch'>,
    { signal, logger = new SilentLogger() }: { readonly signal: AbortSignal; readonly logger?: Logger },
  ): Promise<void> {
    for await (const material of source.watch({ signal })) {
      try {
        this.replace(material);
      } catch (thrown) {
        logger.error({ reason: FairleadError.from(thrown).message }, 'certificates are not taken over');
      }
    }
  }
}

function usable({ certificate, privateKey }: TlsMaterial): SecureContextOptions {
  const options: SecureContextOptions = { cert: certificate, key: privateKey, minVersion: 'TLSv1.2' };
  try {
    createSecureContext(options);
    return options;
  } catch (thrown) {
    throw FairleadError.from(thrown, 'bad-config', 'cannot serve with these certificates');
  }
}
