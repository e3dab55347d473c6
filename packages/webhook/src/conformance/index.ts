/**
 * The promises of the ports that this package has besides those of core, as test suites for vitest.
 *
 * @example
 * ```ts
 * import { describeCertificateStore } from '@fairlead/webhook/conformance';
 * import { MemoryCertificateStore } from '@fairlead/webhook/server';
 *
 * describeCertificateStore('MemoryCertificateStore', {
 *   create: async () => ({ store: new MemoryCertificateStore(), async [Symbol.asyncDispose]() {} }),
 * });
 * ```
 * @packageDocumentation
 */

import { describe, expect, it } from 'vitest';
import type { CertificateFiles, CertificateStore } from '../certificates/certificate-store.ts';

/** How a store is made. */
export interface CertificateStoreSetup {
  /** A fresh store whose place is not there, or is there and empty; disposing takes down whatever was put up for it. */
  create(): Promise<AsyncDisposable & { readonly store: CertificateStore }>;
}

/** The promises that every {@link CertificateStore} keeps. */
export function describeCertificateStore(name: string, setup: CertificateStoreSetup): void {
  describe(`${name} is a CertificateStore`, () => {
    it('has no files at first', async () => {
      await using made = await setup.create();

      expect((await made.store.read())?.files ?? {}).toEqual({});
    });

    it('gives back what was written, byte for byte, to everybody', async () => {
      await using made = await setup.create();
      const present = await made.store.read();

      const written = await made.store.write(filesOf('a'), present?.revision);

      expect(written.files).toEqual(filesOf('a'));
      expect(await made.store.read()).toEqual(written);
    });

    it('takes the place of what was there, and has another revision then', async () => {
      await using made = await setup.create();
      const first = await made.store.write(filesOf('a'), (await made.store.read())?.revision);

      const second = await made.store.write(filesOf('b'), first.revision);

      expect(second.revision).not.toBe(first.revision);
      expect((await made.store.read())?.files).toEqual(filesOf('b'));
    });

    it('refuses to write over what somebody else has written', async () => {
      await using made = await setup.create();
      const first = await made.store.write(filesOf('a'), (await made.store.read())?.revision);
      const second = await made.store.write(filesOf('b'), first.revision);

      await expect(made.store.write(filesOf('c'), first.revision)).rejects.toMatchObject({ code: 'stale-write' });
      await expect(made.store.write(filesOf('c'))).rejects.toMatchObject({ code: 'stale-write' });
      expect(await made.store.read()).toEqual(second);
    });

    it('lets one of several win that write at the same time', async () => {
      await using made = await setup.create();
      const { revision } = await made.store.write(filesOf('a'), (await made.store.read())?.revision);

      const writes = ['b', 'c', 'd'].map((text) => made.store.write(filesOf(text), revision));
      const settled = await Promise.allSettled(writes);

      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('rejects with the reason of a signal that has aborted, and writes nothing', async () => {
      await using made = await setup.create();
      const reason = new Error('not now');
      const signal = AbortSignal.abort(reason);
      const present = await made.store.read();

      await expect(made.store.read({ signal })).rejects.toBe(reason);
      await expect(made.store.write(filesOf('a'), present?.revision, { signal })).rejects.toBe(reason);
      expect(await made.store.read()).toEqual(present);
    });
  });
}

function filesOf(text: string): Required<CertificateFiles> {
  const pem = (kind: string): string => `-----BEGIN ${kind}-----\n${text}\n-----END ${kind}-----\n`;
  return {
    'tls.crt': pem('CERTIFICATE'),
    'tls.key': pem('PRIVATE KEY'),
    'ca.crt': pem('CERTIFICATE').repeat(2),
    'ca.key': pem('PRIVATE KEY').repeat(2),
  };
}
