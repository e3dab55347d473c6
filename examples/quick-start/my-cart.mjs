import { createServer } from 'node:http';

const server = createServer((_request, response) => response.end('{"items":["mine"],"amount":0}\n'));
server.listen(3000, '127.0.0.1', () => console.log('my own cart listens on port 3000'));
