import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HttpParty } from '../testing/http-party.ts';
import { personal, proxied } from '../testing/proxied.ts';
import { chunkedPost, get, post, type RawClient } from '../testing/raw-client.ts';

const framings = ['length', 'chunked', 'empty', 'interim'] as const;

/** A request as a sequence has it. */
const aRequest = fc.record({
  kind: fc.constantFrom('GET', 'HEAD', 'POST', 'CHUNKED'),
  // Nobody holds eve's intercept: the app answers.
  user: fc.constantFrom('ada', 'bob', 'eve'),
  answer: fc.constantFrom(...framings),
  // Bodies may look like requests.
  body: fc.constantFrom('', 'x', 'x'.repeat(5000), get('/fake', 'X-User: ada')),
});
type Asked = typeof aRequest extends fc.Arbitrary<infer T> ? T : never;

function bytesOf({ kind, user, answer, body }: Asked, index: number): string {
  const path = `/${answer}/${index}`;
  const headers = [`X-User: ${user}`];
  if (kind === 'POST') return post(path, body, ...headers);
  if (kind === 'CHUNKED')
    return chunkedPost(path, body === '' ? [] : [body.slice(0, 1), body.slice(1) || 'y'], ...headers);
  return get(path, ...headers).replace('GET', kind);
}

/** Answers in the framing that the path asks for. */
function party(name: string): Promise<HttpParty> {
  return HttpParty.start(name, ({ url = '', method }, response: ServerResponse) => {
    const [, framing, index] = url.split('/');
    response.setHeader('x-who', `${name} ${index}`);
    if (framing === 'empty') response.writeHead(204).end();
    else if (framing === 'chunked') {
      response.setHeader('transfer-encoding', 'chunked');
      response.write(`${name} `);
      if (method !== 'HEAD') response.addTrailers({ 'x-sum': '1' });
      response.end(index);
    } else {
      if (framing === 'interim') response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.setHeader('content-length', `${name} ${index}`.length);
      response.end(`${name} ${index}`);
    }
    return true;
  });
}

async function finalAnswer(client: RawClient, kind: Asked['kind']): Promise<string> {
  for (;;) {
    const { status, head } = await client.answer(kind === 'HEAD' ? 'HEAD' : 'GET');
    if (status >= 200) return /\r\nx-who: ([^\r]*)/.exec(head)?.[1] ?? head;
  }
}

it('answers each request of any pipeline, split anywhere, once, in order, by the right side', async () => {
  await using app = await party('app');
  await using dev = await party('dev');
  await using made = await proxied(app.port, {
    routes: {
      intercepts: [...personal('mine', 'ada').intercepts, ...personal('gone', 'eve').intercepts],
      wiretaps: [],
    },
  });
  made.diverter.holders.set('mine', dev.port);
  const requests = fc.array(aRequest, { minLength: 1, maxLength: 8 });
  const cuts = fc.array(fc.nat(12_000), { maxLength: 12 });

  await fc.assert(
    fc.asyncProperty(requests, cuts, async (asked, at) => {
      app.seen.length = 0;
      dev.seen.length = 0;
      using client = await made.connect();
      const bytes = asked.map(bytesOf).join('');
      const edges = [
        0,
        ...[...new Set(at)].filter((cut) => cut > 0 && cut < bytes.length).sort((a, b) => a - b),
        bytes.length,
      ];
      const sending = (async () => {
        for (const [index, from] of edges.slice(0, -1).entries()) {
          client.send(bytes.slice(from, edges[index + 1]));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();

      const answered: string[] = [];
      for (const { kind } of asked) answered.push(await finalAnswer(client, kind));
      await sending;

      expect(answered).toEqual(asked.map(({ user }, index) => `${user === 'ada' ? 'dev' : 'app'} ${index}`));
      expect(app.seen.length + dev.seen.length).toBe(asked.length);
      expect(client.text).toBe('');
    }),
    { numRuns: 150 },
  );
}, 60_000);
