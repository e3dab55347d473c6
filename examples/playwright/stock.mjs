import { createServer } from 'node:http';

const server = createServer((_request, response) => response.end(JSON.stringify({ left: 7 })));
server.listen(8081, process.env.HOST);
process.once('SIGTERM', () => server.close(() => process.exit(0)));
