import { expect, it } from 'vitest';
import { MissWatches } from '../proxy/miss-watches.ts';
import { Http2Client } from '../testing/http2-party.ts';
import { personal } from '../testing/proxied.ts';
import { http2Shop } from '../testing/shop.ts';

const ada = { 'x-user': 'ada' };

it('sends each stream of one connection to the side that its fields ask for (case 8)', async () => {
  await using made = await http2Shop();
  using client = new Http2Client(made.port.port);

  const answers = [];
  for (let at = 0; at < 12; at += 1) answers.push(client.ask(`/${at}`, at % 3 === 0 ? ada : { 'x-user': `u${at}` }));
  const bodies = (await Promise.all(answers)).map(({ body }) => String(body));

  expect(bodies).toEqual(Array.from({ length: 12 }, (_, at) => `${at % 3 === 0 ? 'dev' : 'app'} /${at} 0`));
  expect(made.diverter.opened).toHaveLength(1);
});

it('matches the next stream of a connection that was there before the intercept', async () => {
  await using made = await http2Shop({ routes: { intercepts: [], wiretaps: [] } });
  using client = new Http2Client(made.port.port);
  const headers = { ...ada, 'x-long': 'kept in the table' };
  expect(String((await client.ask('/a', headers)).body)).toBe('app /a 0');

  await made.port.apply(personal('mine', 'ada'));
  const during = await client.ask('/b', headers);
  await made.port.apply({ intercepts: [], wiretaps: [] });
  const after = await client.ask('/c', headers);

  expect(String(during.body)).toBe('dev /b 0');
  expect(String(after.body)).toBe('app /c 0');
  expect(made.app.seen.at(-1)?.headers).toMatchObject(headers);
  expect(made.app.sessions.size).toBe(1);
});

it('tells whoever waits which streams came and did not match', async () => {
  const misses = new MissWatches();
  await using made = await http2Shop({ misses });
  using watch = misses.open('mine');
  using client = new Http2Client(made.port.port);

  await client.ask('/mine', ada);
  await client.ask('/other', { 'x-user': 'bob' });

  expect(watch?.report()).toMatchObject({
    seen: 2,
    missed: 1,
    nearest: [{ method: 'GET', path: '/other', lines: ['header x-user: wanted ada, got bob'] }],
  });
});
