import { once } from 'node:events';
import { connect as connectHttp2, createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { local } from '@fairlead/local-adapter';
import { connect } from '@fairlead/sdk';
import { expect, it } from 'vitest';
import { manifests } from './one-app.ts';

/** Answers each stream with its name and the path, and says its name again behind the body. */
const pod = `require('node:http2').createServer().on('stream', (stream, headers) => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-from': 'pod' }));
  stream.on('data', () => {}).on('end', () => stream.end('pod ' + headers[':path']));
}).listen(8080)`;

/** The same on this machine. */
async function localServer(): Promise<Http2Server> {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-from': 'local' }));
    stream.on('data', () => {}).on('end', () => stream.end(`local ${headers[':path']}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

it('calls of gRPC on one connection go to the pod, to a local server and to a handler, each with its trailers, and are taken down', async () => {
  await using cluster = local({ manifests: manifests(1, pod) });
  const started = await cluster.start();
  const mine = await localServer();
  await using session = await connect(cluster);
  await using byPort = await session.intercept({
    workload: 'cart',
    name: 'by-port',
    match: { headers: { 'x-to': 'local' } },
    to: (mine.address() as AddressInfo).port,
  });
  await using byHandler = await session.intercept({
    workload: 'cart',
    name: 'by-handler',
    match: { headers: { 'x-to': 'handler' } },
    times: 1,
    handler: async (_request, { passthrough }) => {
      const real = await passthrough();
      return new Response(`handled ${await real.text()}`, { headers: real.headers });
    },
  });
  await using wiretap = await session.wiretap({ workload: 'cart' });
  const client = connectHttp2(started.url('cart', 'http'));

  const call = async (to: string): Promise<string> => {
    const stream = client.request({ ':method': 'POST', ':path': `/${to}`, 'x-to': to, te: 'trailers' });
    let trailers = {};
    stream.on('trailers', (got) => {
      trailers = { status: got['grpc-status'], from: got['x-from'] };
    });
    stream.end('asked');
    return `${await text(stream)} ${JSON.stringify(trailers)}`;
  };
  const answers = await Promise.all(['pod', 'local', 'handler', 'pod', 'local'].map(call));
  const copied: string[] = [];
  for await (const { request, response, servedBy } of wiretap) {
    const from = response?.trailers.join(' ') ?? '';
    copied.push(
      `${servedBy} ${request.method} ${new URL(request.url).pathname} ${request.text()}: ${response?.text()} ${from}`,
    );
    if (copied.length === answers.length) break;
  }
  const spent = await call('handler');
  const miss = byHandler.next({ where: ({ url }) => url.endsWith('/nothing'), timeout: 50 });
  await expect(miss).rejects.toThrow(/POST \/pod \(2 times\)\n +header x-to: wanted handler, got pod/);
  client.destroy();
  mine.close();

  expect(answers).toEqual([
    'pod /pod {"status":"0","from":"pod"}',
    'local /local {"status":"0","from":"local"}',
    'handled pod /handler {"status":"0"}',
    'pod /pod {"status":"0","from":"pod"}',
    'local /local {"status":"0","from":"local"}',
  ]);
  expect(spent).toBe('pod /handler {"status":"0","from":"pod"}');
  for (const [intercept, path, count] of [
    [byPort, 'local', 2],
    [byHandler, 'handler', 1],
  ] as const) {
    const taken = intercept.calls().filter(({ answer }) => answer?.servedBy === 'handler');
    expect(taken).toHaveLength(count);
    for (const { request, answer } of taken) {
      expect([request.method, new URL(request.url).pathname, await request.text()]).toEqual([
        'POST',
        `/${path}`,
        'asked',
      ]);
      expect(answer).toMatchObject({ servedBy: 'handler', status: 200 });
    }
  }
  expect(copied.sort()).toEqual([
    'app POST /pod asked: pod /pod grpc-status 0 x-from pod',
    'app POST /pod asked: pod /pod grpc-status 0 x-from pod',
    'default/by-handler POST /handler asked: handled pod /handler grpc-status 0',
    'default/by-port POST /local asked: local /local grpc-status 0 x-from local',
    'default/by-port POST /local asked: local /local grpc-status 0 x-from local',
  ]);
}, 60_000);
