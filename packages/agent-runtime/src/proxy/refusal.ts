import type { Unclear } from '../http1/request-reader.ts';

/** Answers a request that must not reach the holder of an intercept; the connection ends with it. */
export function refuseUnclear(why: Unclear | 'too-slow'): Buffer {
  switch (why) {
    case 'bad-request':
      return answer('400 Bad Request', 'traffic-agent: the request can be understood in more than one way');
    case 'head-too-long':
      return answer('431 Request Header Fields Too Large', 'traffic-agent: the head of the request is too long');
    case 'too-slow':
      return answer('408 Request Timeout', 'traffic-agent: the head of the request took too long');
  }
}

/** Answers a request whose intercept's holder was lost when it may have acted upon it already. */
export function refuseLost(intercept: string, error: Error): Buffer {
  const hop = `between the traffic-agent and the holder of intercept ${intercept}`;
  return answer('502 Bad Gateway', `traffic-agent: the request was lost ${hop}: ${error.message}`);
}

function answer(status: string, reason: string): Buffer {
  const body = `${reason}\n`;
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}
