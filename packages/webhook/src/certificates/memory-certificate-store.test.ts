import { describeCertificateStore } from '../conformance/index.ts';
import { MemoryCertificateStore } from './memory-certificate-store.ts';

describeCertificateStore('MemoryCertificateStore', {
  create: async () => ({ store: new MemoryCertificateStore(), async [Symbol.asyncDispose]() {} }),
});

describeCertificateStore('MemoryCertificateStore with an empty place', {
  create: async () => ({ store: new MemoryCertificateStore({}), async [Symbol.asyncDispose]() {} }),
});
