import { createServer } from 'node:http';

const page = `<!doctype html><title>Shop</title><p id="stock">…</p><script type="module">
  const { left } = await (await fetch('/stock')).json();
  document.querySelector('#stock').textContent = left > 0 ? left + ' left' : 'sold out';
</script>`;

// What a service has to do for keys to get through: hand the baggage on. OpenTelemetry does it by itself.
const server = createServer(async (request, response) => {
  if (request.url !== '/stock') {
    response.setHeader('content-type', 'text/html').end(page);
    return;
  }
  const { baggage } = request.headers;
  const answer = await fetch('http://stock/', { headers: baggage ? { baggage } : {} });
  response.setHeader('content-type', 'application/json').end(await answer.text());
});
server.listen(8080, process.env.HOST);
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close(() => process.exit(0));
});
