import { createServer } from 'node:net';
import { serve } from './serve.mjs';

/** One line in, one line out. */
serve(
  createServer({ allowHalfOpen: true }, (socket) => {
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) socket.write(`booked ${line} at ${process.env.HOSTNAME}\n`);
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
  }),
  7000,
);
