import { createServer } from 'node:http';
import { serve } from './serve.mjs';

serve(
  createServer((_request, response) => response.end(JSON.stringify({ anchor: 7, rope: 40 }))),
  8090,
);
