import { connect, type TapEvent, type Wiretap, type WiretapOptions } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { describeProgress } from '../describe-progress.ts';
import { parseCount, parseSeconds } from '../number-argument.ts';
import { printDocument } from '../output/print-document.ts';
import { readTraffic, type TrafficArguments } from '../traffic-arguments.ts';
import { streamExchanges } from './wiretap-stream.ts';

interface WiretapCommandOptions extends TrafficArguments {
  readonly for?: string;
  readonly limit?: string;
}

/** A copied piece as the JSON document has it. */
interface CopiedPiece {
  readonly connection: number;
  readonly pod: string;
  readonly containerPort: number;
  readonly direction: string;
  /** Bytes that did not come. */
  readonly dropped?: number;
  /** UTF-8, with replacement characters for other bytes. */
  readonly text?: string;
}

/** `fairlead wiretap`: prints copies as they come; with JSON or YAML output one document at the end. */
export async function wiretap(
  context: CommandContext,
  workload: string,
  options: WiretapCommandOptions,
): Promise<number> {
  const { ports, ...traffic } = readTraffic(options);
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : parseCount('--limit', options.limit);
  const { progress } = context;
  progress.step('connecting');
  await using session = await connect(context.cluster(), context);
  const wanted: WiretapOptions = {
    workload,
    ports: ports.map(({ port }) => ({ port })),
    ...traffic,
    signal: context.signal,
    onProgress: (stage) => {
      context.tell({ type: 'progress', ...stage });
      progress.step(`preparing ${workload}: ${describeProgress(stage)}`);
    },
  };
  if (context.format === 'json-stream') {
    const over = options.for === undefined ? [] : [AbortSignal.timeout(parseSeconds('--for', options.for))];
    await streamExchanges(context, session, wanted, limit, AbortSignal.any([context.signal, ...over]));
    return 0;
  }
  await using tap = await session.wiretapBytes(wanted);
  progress.done(`${tap.name} is active`);
  const end = (): void => void tap.leave();
  context.signal.addEventListener('abort', end, { once: true });
  const timer = options.for === undefined ? undefined : setTimeout(end, parseSeconds('--for', options.for));
  try {
    const pieces = await read(context, tap, limit);
    if (context.format !== 'text')
      printDocument(context.terminal, context.format, { pieces, stats: tap.stats }, () => '');
    else progress.note(`${tap.stats.delivered} bytes copied, ${tap.stats.dropped} dropped`);
    return 0;
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener('abort', end);
  }
}

async function read(
  { terminal, format }: CommandContext,
  tap: Wiretap<TapEvent>,
  limit: number,
): Promise<readonly CopiedPiece[]> {
  const pieces: CopiedPiece[] = [];
  let count = 0;
  for await (const event of tap) {
    if (event.type === 'end') continue;
    const piece = asPiece(event);
    if (format === 'text') terminal.out(asText(piece));
    else pieces.push(piece);
    count += 1;
    if (count >= limit) break;
  }
  return pieces;
}

function asPiece(event: Exclude<TapEvent, { type: 'end' }>): CopiedPiece {
  const { connection, direction } = event;
  const place = { connection: connection.id, pod: connection.pod, containerPort: connection.containerPort, direction };
  return event.type === 'dropped'
    ? { ...place, dropped: event.count }
    : { ...place, text: Buffer.from(event.bytes).toString('utf8') };
}

function asText({ connection, pod, direction, text, dropped }: CopiedPiece): string {
  const mark = direction === 'request' ? '>' : '<';
  if (dropped !== undefined) return `${mark} #${connection} ${pod}: ${dropped} bytes dropped\n`;
  const lines = (text ?? '').replace(/\r?\n$/, '').split(/\r?\n/);
  return lines.map((line) => `${mark} #${connection} ${pod}: ${line}\n`).join('');
}
