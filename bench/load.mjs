import { readFileSync, rmSync } from 'node:fs';
import { cpuSeconds, finish } from './processes.mjs';

const downloads = 12;
const downloadGb = (downloads * (64 << 20)) / 1e9;

/** Downloads one file after the other on one connection. */
async function download({ port }) {
  const urls = Array.from({ length: downloads }, () => ['-o', '/dev/null', `http://127.0.0.1:${port}/64m`]).flat();
  await finish('curl', ['-sSf', '--max-time', '60', ...urls]);
}

/** CPU seconds of the proxy for a GB (10^9 bytes) downloaded through it on one connection. */
export async function cpuPerGb(proxy) {
  const before = cpuSeconds(...proxy.pids);
  await download(proxy);
  return (cpuSeconds(...proxy.pids) - before) / downloadGb;
}

/** GB (10^9 bytes) a second on one connection, with the start of curl. */
export async function gbPerSecond(proxy) {
  const began = performance.now();
  await download(proxy);
  return downloadGb / ((performance.now() - began) / 1000);
}

/** Runs wrk and resolves to how many requests were answered. */
async function wrk({ host = '127.0.0.1', port }, { path, seconds, connections, headers = [], script }) {
  const out = await finish('wrk', [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    ...headers.flatMap((header) => ['-H', header]),
    ...(script ? ['-s', script] : []),
    `http://${host}:${port}${path}`,
  ]);
  const errors = out.match(/(Socket errors: .*|Non-2xx or 3xx responses: \d+)/);
  if (errors) throw new Error(`load on port ${port}: ${errors[1]}`);
  return Number(out.match(/(\d+) requests in/)[1]);
}

/** CPU microseconds of the proxy for a request, on connections that are kept. */
export async function cpuPerRequest(proxy, options = {}) {
  const before = cpuSeconds(...proxy.pids);
  const requests = await wrk(proxy, { path: '/small', seconds: 2, connections: 16, ...options });
  return ((cpuSeconds(...proxy.pids) - before) * 1e6) / requests;
}

/** Requests a second on 16 connections that are kept. */
export async function requestsPerSecond(proxy, { seconds = 2, ...options } = {}) {
  return (await wrk(proxy, { path: '/small', seconds, connections: 16, ...options })) / seconds;
}

/** Connections with one request each, a second, by 16 clients. */
export function connectionsPerSecond(proxy, options = {}) {
  return requestsPerSecond(proxy, { ...options, headers: ['Connection: close'] });
}

/** CPU microseconds of the proxy for a connection with one request. */
export function cpuPerConnection(proxy) {
  return cpuPerRequest(proxy, { headers: ['Connection: close'] });
}

/**
 * CPU microseconds of the proxy for a request of HTTP/2, of which there are that many on 4 connections with 16 streams
 * each.
 */
export async function cpuPerStream(proxy, { path = '/small', requests = 30_000 } = {}) {
  const before = cpuSeconds(...proxy.pids);
  const url = `http://127.0.0.1:${proxy.port}${path}`;
  const out = await finish('h2load', ['-n', String(requests), '-c', '4', '-m', '16', url]);
  const succeeded = Number(out.match(/(\d+) succeeded/)?.[1]);
  if (succeeded !== requests) throw new Error(`load on port ${proxy.port}: ${succeeded} of ${requests} succeeded`);
  return ((cpuSeconds(...proxy.pids) - before) * 1e6) / requests;
}

/** Posts the file over HTTPS on connections that are kept, one request at a time on each; resolves to what h2load says. */
async function post(url, file, { connections, seconds, options = [] }) {
  const load = ['--h1', '-c', String(connections), '-D', String(seconds), '-d', file, ...options];
  const out = await finish('h2load', [...load, '-H', 'content-type: application/json', url]);
  const [, succeeded, failed] = out.match(/(\d+) succeeded, (\d+) failed/) ?? [];
  if (failed !== '0' || succeeded === '0') throw new Error(`load on ${url}: ${succeeded} succeeded, ${failed} failed`);
  return Number(succeeded);
}

/** How many posts are answered in a second when 16 clients ask as fast as they can. */
export async function postsPerSecond(url, file, { seconds = 2 } = {}) {
  return (await post(url, file, { connections: 16, seconds })) / seconds;
}

/** How long each post took when there are so many in a second, by 8 clients. */
export async function postLatenciesMs(url, file, { perSecond, seconds }) {
  const log = `${file}.log`;
  const options = ['--rps', String(perSecond / 8), `--log-file=${log}`];
  // h2load appends.
  rmSync(log, { force: true });
  await post(url, file, { connections: 8, seconds, options });
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  return lines.map((line) => Number(line.split('\t')[2]) / 1000);
}
