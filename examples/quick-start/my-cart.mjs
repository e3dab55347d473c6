import { createServer } from 'node:http';

const port = Number(process.env.PORT ?? 3000);
const server = createServer((_request, response) => response.end('{"items":["mine"],"amount":0}\n'));
server.listen(port, '127.0.0.1', () => console.log(`my own cart listens on port ${port}`));
