import { expect, it } from 'vitest';
import { SessionLab } from '../testing/session-lab.ts';

it('waits for the answer to a stream for ten seconds, and leaves no timer behind', async () => {
  await using lab = await SessionLab.start();
  const session = await lab.connect();
  const before = lab.clock.pending;
  lab.relay.isSilent = true;

  const dialled = expect(session.dial('cart:80')).rejects.toMatchObject({
    code: 'timeout',
    message: 'no answer to a dial stream in 10000 ms',
  });
  await expect.poll(() => lab.relay.dialledServices).toHaveLength(1);
  await lab.clock.advance(10_000);
  await dialled;

  expect(lab.clock.pending).toBe(before);
});

it('tells which way it leads while it is up', async () => {
  await using lab = await SessionLab.start();
  const session = await lab.connect();
  expect(session.tunnelWay).toBe('over the loopback');

  lab.relay.isReachable = false;
  lab.relay.drop();

  await expect.poll(() => session.tunnelWay).toBeUndefined();
});

it('gives the reason of the signal, before the answer and instead of it', async () => {
  await using lab = await SessionLab.start();
  const session = await lab.connect();
  lab.relay.isSilent = true;
  const reason = new Error('enough');
  const stop = new AbortController();

  const dialled = expect(session.dial('cart:80', { signal: stop.signal })).rejects.toBe(reason);
  await expect.poll(() => lab.relay.dialledServices).toHaveLength(1);
  stop.abort(reason);
  await dialled;

  await expect(session.dial('cart:80', { signal: stop.signal })).rejects.toBe(reason);
  expect(lab.relay.dialledServices).toHaveLength(1);
});
