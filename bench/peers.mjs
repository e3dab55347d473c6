import { writeFileSync } from 'node:fs';
import { listening, start, withWorker } from './processes.mjs';

/** haproxy with one thread, passing bytes (`tcp`) or routing by a header, of HTTP/1 (`http`) or of HTTP/2 (`h2`). */
export async function startHaproxy(folder, mode, port, appPort, { maxConnections = 4000 } = {}) {
  const rule = mode === 'tcp' ? '' : '  acl mine hdr(x-user) -m str ada\n  use_backend app2 if mine\n';
  const proto = mode === 'h2' ? ' proto h2' : '';
  const file = `${folder}/haproxy-${mode}-${port}.cfg`;
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn ${maxConnections}
defaults
  mode ${mode === 'tcp' ? 'tcp' : 'http'}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port} backlog 4096${proto}
${rule}  default_backend app
backend app
  server a 127.0.0.1:${appPort}${proto}
backend app2
  server a 127.0.0.1:${appPort}${proto}
`,
  );
  const child = start('haproxy', ['-db', '-f', file]);
  await listening(port);
  return { port, pids: [child.pid] };
}

/** nginx with one worker, passing bytes (`stream`) or routing HTTP/1 by a header (`http`). */
export async function startNginx(folder, mode, port, appPort, { maxConnections = 4096 } = {}) {
  const file = `${folder}/nginx-${mode}-${port}.conf`;
  const listen = `listen 127.0.0.1:${port} backlog=4096;`;
  const http = `http { access_log off; keepalive_requests 100000000;
  upstream app { server 127.0.0.1:${appPort}; keepalive 64; } upstream app2 { server 127.0.0.1:${appPort}; keepalive 64; }
  map $http_x_user $to { default app; ada app2; }
  server { ${listen} location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://$to; } } }`;
  const stream = `stream { server { ${listen} proxy_pass 127.0.0.1:${appPort}; tcp_nodelay on; } }`;
  writeFileSync(
    file,
    `${mode === 'stream' ? 'load_module modules/ngx_stream_module.so;' : ''}
daemon off; worker_processes 1; pid ${file}.pid; error_log /dev/null crit;
worker_rlimit_nofile ${2 * maxConnections + 100};
events { worker_connections ${maxConnections}; }
${mode === 'stream' ? stream : http}
`,
  );
  const child = start('nginx', ['-e', '/dev/null', '-c', file, '-p', '/usr/share/nginx']);
  await listening(port);
  return { port, pids: await withWorker(child.pid) };
}
