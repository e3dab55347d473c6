import type { Exchange, Session, WiretapOptions } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import type { StreamExchange } from '../output/stream-event.ts';
import { streamIntercept } from '../output/stream-intercept.ts';

/** Tells a program of each exchange until the limit, the abort or the end of the wiretap. */
export async function streamExchanges(
  { tell }: CommandContext,
  session: Session,
  options: WiretapOptions,
  limit: number,
  stop: AbortSignal,
): Promise<void> {
  await using tap = await session.wiretap({ ...options, bodyBytes: 0 });
  tell({ type: 'active', intercept: streamIntercept(tap) });
  const end = (): void => void tap.leave();
  stop.addEventListener('abort', end, { once: true });
  if (stop.aborted) end();
  let count = 0;
  for await (const exchange of tap) {
    tell({ type: 'exchange', ...streamExchange(exchange) });
    count += 1;
    if (count >= limit) break;
  }
  stop.removeEventListener('abort', end);
  tell({ type: 'result', result: { stats: tap.stats } });
}

function streamExchange({ number, request, response, pod, servedBy, timing }: Exchange): StreamExchange {
  return {
    number,
    method: request.method,
    url: request.url,
    pod,
    status: response?.status ?? 0,
    servedBy,
    durationMs: timing.sendMs + timing.waitMs + timing.receiveMs,
    requestBytes: request.bodyBytes,
    responseBytes: response?.bodyBytes ?? 0,
  };
}
