import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { matches, requestView } from '@fairlead/core';
import * as openTelemetry from '@opentelemetry/api';
import fc from 'fast-check';
import { Agent, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MarkableContext } from './playwright-context.ts';
import { propagate } from './propagate.ts';

const run = { key: 'run-1.2' };

/** A server that answers with the headers that it got. */
async function aMirror(): Promise<string> {
  const server = createServer((message, out) => out.end(JSON.stringify(message.headers)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const takes = (mark: { match: object }, headers: Headers): boolean =>
  matches(mark.match, requestView({ method: 'GET', target: '/', headers: [...headers] }));

describe('propagate', () => {
  it('marks requests so that its match takes them, and those of no other key', () => {
    const baggage = fc.stringMatching(/^[a-z]{1,8}=[a-z0-9]{0,8}$/);
    const key = fc.stringMatching(/^[!-~]{1,40}$/);
    fc.assert(
      fc.property(key, key, fc.array(baggage, { maxLength: 4 }), (mine, other, members) => {
        fc.pre(mine !== other);
        for (const options of [{}, { header: 'X-Run' }]) {
          const mark = propagate({ key: mine }, options);
          const headers = mark.headers({ baggage: members.join(',') });

          expect(takes(mark, headers)).toBe(true);
          expect(takes(propagate({ key: other }, options), headers)).toBe(false);
          for (const member of members) expect(headers.get('baggage')).toContain(member);
        }
      }),
    );
  });

  it('replaces a mark that is there, and keeps the other baggage', () => {
    const inner = propagate(run).headers(propagate({ key: 'outer' }).headers({ baggage: 'a=1;p=2, b=3' }));

    expect(inner.get('baggage')).toBe('a=1;p=2,b=3,fairlead=run-1.2');
  });

  it('marks fetch, with body and all, and leaves what is not wanted as it is', async () => {
    const url = await aMirror();
    const mark = propagate(run, { header: 'x-run', only: ({ pathname }) => pathname !== '/other' });

    const marked = await mark.fetch(url, { method: 'POST', body: 'hello', headers: { 'x-a': 'b' } });
    const other = await mark.fetch(`${url}other`);

    expect(await marked.json()).toMatchObject({ 'x-run': 'run-1.2', 'x-a': 'b', 'content-length': '5' });
    expect(await other.json()).not.toHaveProperty('x-run');
  });

  it.each([
    ['a list', ['x-a', 'b', 'baggage', 'c=1']],
    ['a record', { 'x-a': 'b', baggage: ['c=1'] }],
    [
      'pairs',
      new Map([
        ['x-a', 'b'],
        ['baggage', 'c=1'],
      ]),
    ],
  ])('marks what undici sends, its headers given as %s', async (_, headers) => {
    const url = await aMirror();
    const dispatcher = new Agent().compose(propagate(run).interceptor);
    onTestFinished(() => dispatcher.close());

    const { body } = await request(url, { dispatcher, headers });

    expect(await body.json()).toMatchObject({ 'x-a': 'b', baggage: 'c=1,fairlead=run-1.2' });
  });

  it('puts the key into the baggage of an OpenTelemetry context', () => {
    const { propagation, ROOT_CONTEXT } = openTelemetry;
    const before = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ a: { value: '1' } }));

    const context = propagate(run).openTelemetry(openTelemetry, before);

    expect(propagation.getBaggage(context)?.getAllEntries()).toEqual([
      ['a', { value: '1' }],
      ['fairlead', { value: 'run-1.2' }],
    ]);
    expect(() => propagate(run, { header: 'x-run' }).openTelemetry(openTelemetry)).toThrow(/passes baggage on/);
  });

  it('marks a Playwright context as a whole, or only what is wanted of it', async () => {
    const told: unknown[] = [];
    const context: MarkableContext = {
      setExtraHTTPHeaders: async (headers) => void told.push(headers),
      route: async (wants, handle) => {
        told.push([wants(new URL('http://shop/')), wants(new URL('http://cdn/'))]);
        await handle({
          request: () => ({ headers: () => ({ baggage: 'a=1' }) }),
          fallback: async ({ headers }) => void told.push(headers),
        });
      },
    };

    await propagate(run).context(context);
    await propagate(run, { only: ({ host }) => host === 'shop' }).context(context);

    expect(told).toEqual([{ baggage: 'fairlead=run-1.2' }, [true, false], { baggage: 'a=1,fairlead=run-1.2' }]);
  });

  it.each([{ header: 'not a name' }, { member: 'a=b' }, { header: '' }])('refuses %j', (options) => {
    expect(() => propagate(run, options)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });
});
