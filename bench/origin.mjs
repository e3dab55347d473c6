import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { listening, start, withWorker } from './processes.mjs';

/** nginx as the app behind every proxy: `/small`, `/1m` and `/64m`. On another port the same by HTTP/2 only. */
export async function startOrigin(folder, port, http2Port) {
  mkdirSync(`${folder}/www`, { recursive: true });
  // The worker of nginx runs as nobody.
  chmodSync(folder, 0o755);
  for (const [name, bytes] of [
    ['1m', 1 << 20],
    ['64m', 64 << 20],
  ]) {
    writeFileSync(`${folder}/www/${name}`, '');
    truncateSync(`${folder}/www/${name}`, bytes);
  }
  writeFileSync(
    `${folder}/nginx.conf`,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log /dev/null crit;
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 100000000; http2_max_concurrent_streams 1000; sendfile on; tcp_nodelay on;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen 127.0.0.1:${port} backlog=4096; listen 127.0.0.1:${http2Port} http2 backlog=4096;
    location = /small { return 200 "ok\\n"; } location / { root ${folder}/www; } }
}
`,
  );
  const nginx = start('nginx', ['-e', '/dev/null', '-c', `${folder}/nginx.conf`, '-p', folder]);
  await listening(port);
  return { port, http2Port, pids: await withWorker(nginx.pid) };
}
