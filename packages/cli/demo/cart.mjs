import { createServer } from 'node:http';
import { serve } from './serve.mjs';

serve(
  createServer((request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(request.url === '/healthz' ? 'ok\n' : `cart of ${process.env.HOSTNAME}: 2 anchors, 1 rope\n`);
  }),
  8080,
);
