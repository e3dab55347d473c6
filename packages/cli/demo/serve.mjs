/** Listens where the pod says, and ends politely: what is being answered is answered before the process goes. */
export function serve(server, port) {
  server.listen(port, process.env.HOST ?? '0.0.0.0');
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections?.();
  });
}
