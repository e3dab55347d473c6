import { createServer } from 'node:http';
import { serve } from './serve.mjs';

const { CART_URL, GREETING = 'Welcome' } = process.env;

/** The page passes on who is asking: that is what makes a personal intercept possible behind it. */
async function page(request) {
  const user = request.headers['x-user'];
  const cart = await fetch(`${CART_URL}/cart`, { headers: user ? { 'x-user': user } : {} });
  return `${GREETING}\n${await cart.text()}`;
}

serve(
  createServer((request, response) => {
    if (request.url === '/healthz') {
      response.end('ok\n');
      return;
    }
    page(request).then(
      (text) => response.end(text),
      (error) => response.writeHead(502).end(`the cart did not answer: ${error.cause?.message ?? error.message}\n`),
    );
  }),
  8080,
);
