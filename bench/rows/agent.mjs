import { startAgent } from '../agent.mjs';
import {
  connectionsPerSecond,
  cpuPerConnection,
  cpuPerGb,
  cpuPerRequest,
  cpuPerStream,
  gbPerSecond,
  requestsPerSecond,
} from '../load.mjs';
import { compare, figure } from '../measure.mjs';
import { startOrigin } from '../origin.mjs';
import { startHaproxy, startNginx } from '../peers.mjs';
import { rssMegabytes } from '../processes.mjs';

const everySecond = new URL('../subjects/every-second.lua', import.meta.url).pathname;

/** The agent's rows: passing bytes, and routing HTTP/1 while an intercept that matches nothing here is active. */
export async function agentRows({ folder, rounds, ports, wanted }) {
  const origin = await startOrigin(folder, ports(), ports());
  const rows = [];
  const row = async (options) => {
    if (wanted(options.id)) rows.push(await compare({ rounds, ...options }));
  };

  const idle = await startAgent({ folder, port: ports(), appPort: origin.port });
  if (wanted('agent.rss-mb')) {
    rows.push(figure({ id: 'agent.rss-mb', unit: 'MB', target: 45, seen: [rssMegabytes(idle.pids[0])] }));
  }
  const tcp = await startHaproxy(folder, 'tcp', ports(), origin.port);
  const against = (id, target, unit, measure, ours, theirs, peer) =>
    row({ id, peer, target, unit, ours: () => measure(ours), theirs: () => measure(theirs) });
  await against('tcp.cpu-per-gb', 0.9, 's/GB', cpuPerGb, idle, tcp, 'haproxy tcp');
  await against('tcp.cpu-per-request', 1.2, 'µs', cpuPerRequest, idle, tcp, 'haproxy tcp');
  await against('tcp.cpu-per-connection', 1.8, 'µs', cpuPerConnection, idle, tcp, 'haproxy tcp');
  const stream = await startNginx(folder, 'stream', ports(), origin.port);
  await against('tcp.cpu-per-gb-nginx', null, 's/GB', cpuPerGb, idle, stream, 'nginx stream');
  await against('tcp.cpu-per-request-nginx', null, 'µs', cpuPerRequest, idle, stream, 'nginx stream');
  await against('tcp.cpu-per-connection-nginx', null, 'µs', cpuPerConnection, idle, stream, 'nginx stream');
  const direct = { port: origin.port };
  const beside = (id, unit, measure) =>
    row({
      id,
      peer: 'no proxy',
      target: null,
      higherIsBetter: true,
      unit,
      ours: () => measure(idle),
      theirs: () => measure(direct),
    });
  await beside('tcp.gb-per-second-direct', 'GB/s', gbPerSecond);
  await beside('tcp.requests-per-second-direct', '1/s', requestsPerSecond);
  await beside('tcp.connections-per-second-direct', '1/s', connectionsPerSecond);

  const routing = await startAgent({
    folder,
    port: ports(),
    appPort: origin.port,
    match: { headers: { 'x-user': 'ada' } },
  });
  const http = await startHaproxy(folder, 'http', ports(), origin.port);
  const nginx = await startNginx(folder, 'http', ports(), origin.port);
  const cpuPerMegabyte = async (proxy) => {
    const perRequest = await cpuPerRequest(proxy, { path: '/1m', connections: 4 });
    return perRequest / (2 ** 20 / 1e6);
  };
  await against('http1.cpu-per-request', 1.3, 'µs', cpuPerRequest, routing, http, 'haproxy http');
  await against('http1.cpu-per-mb', 1, 'µs/MB', cpuPerMegabyte, routing, http, 'haproxy http');
  await against('http1.cpu-per-request-nginx', null, 'µs', cpuPerRequest, routing, nginx, 'nginx http');
  const matched = (proxy) => cpuPerRequest(proxy, { headers: ['x-user: ada'] });
  const mixed = (proxy) => cpuPerRequest(proxy, { script: everySecond });
  await against('http1.cpu-per-request-matched', 1.3, 'µs', matched, routing, http, 'haproxy http');
  await against('http1.cpu-per-request-mixed', 1.3, 'µs', mixed, routing, http, 'haproxy http');
  await against('http1.cpu-per-request-matched-nginx', null, 'µs', matched, routing, nginx, 'nginx http');
  await against('http1.cpu-per-request-mixed-nginx', null, 'µs', mixed, routing, nginx, 'nginx http');

  const match = { headers: { 'x-user': 'ada' } };
  const streams = await startAgent({ folder, port: ports(), appPort: origin.http2Port, match });
  const http2 = await startHaproxy(folder, 'h2', ports(), origin.http2Port);
  const cpuPerMegabyteOfStreams = async (proxy) => {
    const perRequest = await cpuPerStream(proxy, { path: '/1m', requests: 600 });
    return perRequest / (2 ** 20 / 1e6);
  };
  await against('h2.cpu-per-request', 1, 'µs', cpuPerStream, streams, http2, 'haproxy h2');
  await against('h2.cpu-per-mb', 1.2, 'µs/MB', cpuPerMegabyteOfStreams, streams, http2, 'haproxy h2');
  await idle.close();
  await routing.close();
  await streams.close();
  return rows;
}
