/** What a bulk answer is made of, the same whoever gives it. */
export const bulk = Buffer.alloc(2 << 20, 'fairlead ');

/** Answers a request; `/echo` with what was sent, the others with what is the same for all. */
export function answerHttp(who, request, response) {
  response.setHeader('x-who', who);
  if (request.url === '/echo') request.pipe(response);
  else if (request.url === '/bulk') response.end(bulk);
  else response.end(`${who}\n`);
}

/** Answers each line with who answers it and the line. */
export function answerLines(who, socket) {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) socket.write(`${who} ${line}\n`);
  });
  socket.on('end', () => socket.end());
}
