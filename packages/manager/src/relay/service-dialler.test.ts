import { MemoryWorkloadResolver } from '@fairlead/core';
import { expect, it } from 'vitest';
import { serviceDialler } from './service-dialler.ts';

it('connects a session only where it holds something, and says so for its very key', async () => {
  const asked: unknown[] = [];
  const dialler = serviceDialler(new MemoryWorkloadResolver(), (namespace, session) => {
    asked.push(session);
    return namespace === 'shop';
  });
  const session = { id: 's1', fingerprint: 'f1', version: '0' };

  expect([await dialler.mayDial(session, 'shop'), await dialler.mayDial(session, 'bank')]).toEqual([true, false]);
  expect(asked[0]).toEqual({ sessionId: 's1', fingerprint: 'f1' });
});
