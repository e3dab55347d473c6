import type { HeaderField } from '@fairlead/tunnel';
import type { Http2Request } from './http2-request.ts';

/** `UNAVAILABLE`, what gRPC's own clients report when a server goes away. */
const grpcUnavailable = '14';

/** What a caller is told whose intercept's holder was lost: fields, and a body for those who can read one. */
export interface FailureAnswer {
  readonly fields: readonly HeaderField[];
  readonly body: Buffer | undefined;
}

/** The answer to a request that was lost on its way: a status of gRPC for its calls, a 502 for all else. */
export function failureAnswer(request: Http2Request, intercept: string, error: Error): FailureAnswer {
  const hop = `between the traffic-agent and the holder of intercept ${intercept}`;
  const reason = `traffic-agent: the request was lost ${hop}: ${error.message}`;
  const type = request.header('content-type')[0] ?? '';
  if (type.startsWith('application/grpc')) {
    const fields = [
      field(':status', '200'),
      field('content-type', type),
      field('grpc-status', grpcUnavailable),
      field('grpc-message', encodeURIComponent(reason).replaceAll('%20', ' ')),
    ];
    return { fields, body: undefined };
  }
  const body = Buffer.from(`${reason}\n`);
  const fields = [
    field(':status', '502'),
    field('content-type', 'text/plain; charset=utf-8'),
    field('content-length', String(body.length)),
  ];
  return { fields, body };
}

function field(name: string, value: string): HeaderField {
  return { name, value, isSecret: false };
}
