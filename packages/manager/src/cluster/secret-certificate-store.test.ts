import { describeCertificateStore } from '@fairlead/webhook/conformance';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../testing/memory-objects.ts';
import { SecretCertificateStore, type SecretObject } from './secret-certificate-store.ts';

const at = { namespace: 'fairlead', name: 'fairlead-tls' };

describeCertificateStore('SecretCertificateStore', {
  create: async () => ({
    store: new SecretCertificateStore(new MemoryObjects<SecretObject>({ metadata: at, type: 'Opaque' }), at),
    async [Symbol.asyncDispose]() {},
  }),
});

describe('certificates in a Secret', () => {
  it('leave alone what else is in it', async () => {
    const secrets = new MemoryObjects<SecretObject>({ metadata: at, type: 'Opaque', data: { note: 'aGk=' } });
    const store = new SecretCertificateStore(secrets, at);
    const files = { 'tls.crt': 'a', 'tls.key': 'b', 'ca.crt': 'c', 'ca.key': 'd' };

    await store.write(files, (await store.read())?.revision);

    expect((await secrets.read(at))?.data).toMatchObject({ note: 'aGk=', 'tls.crt': 'YQ==' });
    expect((await store.read())?.files).toEqual(files);
  });

  it('need the Secret that the installation brings', async () => {
    const store = new SecretCertificateStore(new MemoryObjects<SecretObject>(), at);
    const files = { 'tls.crt': 'a', 'tls.key': 'b', 'ca.crt': 'c', 'ca.key': 'd' };

    expect(await store.read()).toBeUndefined();
    await expect(store.write(files)).rejects.toMatchObject({ code: 'not-found' });
  });
});
