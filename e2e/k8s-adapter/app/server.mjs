import { createServer } from 'node:http';
import { hostname } from 'node:os';

/** Answers with its pod's name after a moment, so that requests are under way at any time. Ends as a good server does. */
const server = createServer((_request, response) => {
  setTimeout(() => response.end(hostname()), 5);
});
server.keepAliveTimeout = 60_000;
server.listen(8080);
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
