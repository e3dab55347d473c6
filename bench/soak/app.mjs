/** The app under soak: HTTP on 8080 (`/small`, `/bulk`, `/echo`), lines of TCP on 7000. Says `app` of itself. */
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { answerHttp, answerLines } from './answers.mjs';

const host = process.env.HOST ?? '0.0.0.0';
const http = createServer((request, response) => answerHttp('app', request, response));
// An app that closes a connection just as the next request comes loses that one, with or without an agent.
http.keepAliveTimeout = 0;
http.listen(8080, host);
createTcpServer({ allowHalfOpen: true }, (socket) => answerLines('app', socket)).listen(7000, host);
