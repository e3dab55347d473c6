import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { newRequest } from './new-request.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** How often a listener hears of the abort, of which alone somebody has kept hold. */
async function heardBy(make: (signal: AbortSignal) => Request): Promise<number> {
  const stop = new AbortController();
  let heard = 0;
  (() => make(stop.signal).signal.addEventListener('abort', () => heard++))();
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  stop.abort();
  return heard;
}

it.each<[string, (signal: AbortSignal) => Request]>([
  ['a new one', (signal) => newRequest('http://cart/', { signal })],
  ['one that is made from another', (signal) => newRequest(newRequest('http://cart/', { signal }), { method: 'PUT' })],
])('tells of an abort although nobody holds the request: %s', async (_which, make) => {
  expect(await heardBy(make)).toBe(1);
});

it('has a signal of its own where none is given, or none is wanted', () => {
  const first = newRequest('http://cart/', { signal: AbortSignal.abort() });

  expect(newRequest('http://cart/').signal.aborted).toBe(false);
  expect(newRequest(first, { signal: null }).signal.aborted).toBe(false);
  expect(newRequest(first).signal.aborted).toBe(true);
});
