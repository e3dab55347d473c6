import { writeFileSync } from 'node:fs';
import { listening, start } from './processes.mjs';

/** haproxy with one thread, passing bytes (`tcp`) or routing by a header, of HTTP/1 (`http`) or of HTTP/2 (`h2`). */
export async function startHaproxy(folder, mode, port, appPort) {
  const rule = mode === 'tcp' ? '' : '  acl mine hdr(x-user) -m str ada\n  use_backend app2 if mine\n';
  const proto = mode === 'h2' ? ' proto h2' : '';
  writeFileSync(
    `${folder}/haproxy-${mode}.cfg`,
    `global
  nbthread 1
  maxconn 4000
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
  const child = start('haproxy', ['-db', '-f', `${folder}/haproxy-${mode}.cfg`]);
  await listening(port);
  return { port, pids: [child.pid] };
}
