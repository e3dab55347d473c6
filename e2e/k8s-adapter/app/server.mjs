import { createServer } from 'node:http';
import { hostname } from 'node:os';

/** Answers with its pod's name after a moment, so that requests are under way at any time. Ends as a good server does. */
const servers = (process.env.PORTS ?? '8080').split(',').map((port) => {
  const server = createServer((_request, response) => {
    setTimeout(() => response.end(hostname()), 5);
  });
  server.keepAliveTimeout = 60_000;
  return server.listen(Number(port));
});
process.on('SIGTERM', () => {
  let open = servers.length;
  for (const server of servers) {
    server.close(() => {
      open -= 1;
      if (open === 0) process.exit(0);
    });
    server.closeIdleConnections();
  }
});
