import { readFileSync } from 'node:fs';
import { FairleadError } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../program.ts';
import { captureTerminal } from '../testing/captured-terminal.ts';
import { type Schema, violations } from '../testing/json-schema.ts';
import { type StreamEvent, streamLine } from './stream-event.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const schema = JSON.parse(read('../../json-stream.schema.json')) as Schema;
const error = new FairleadError('conflict', 'bob holds it').serialize();

/** One of each kind; the compiler sees to it that none is missing. */
const samples: { readonly [Type in StreamEvent['type']]: StreamEvent & { readonly type: Type } } = {
  step: { type: 'step', text: 'connecting' },
  done: { type: 'done', text: 'connected' },
  failed: { type: 'failed', text: 'not connected' },
  note: { type: 'note', text: 'by the way' },
  progress: { type: 'progress', stage: 'agents', done: 1, total: 2 },
  active: {
    type: 'active',
    intercept: {
      name: 'cart-1',
      namespace: 'shop',
      mode: 'intercept',
      workload: 'deployment/cart',
      match: 'x-user=ada',
      replicas: { ready: 2, total: 2 },
    },
  },
  phase: { type: 'phase', name: 'cart-1', phase: 'interrupted' },
  call: {
    type: 'call',
    number: 1,
    method: 'GET',
    url: 'http://cart/',
    pod: 'cart-1',
    status: 200,
    servedBy: 'handler',
    durationMs: 1.5,
  },
  exchange: {
    type: 'exchange',
    number: 1,
    method: 'GET',
    url: 'http://cart/',
    pod: 'cart-1',
    status: 200,
    servedBy: 'app',
    durationMs: 1.5,
    requestBytes: 0,
    responseBytes: 12,
  },
  mounted: { type: 'mounted', directory: '/home/ada/cart', writable: false, withheld: ['/etc/tls'] },
  environment: { type: 'environment', container: 'app', pod: 'cart-1', withheld: ['PASSWORD'], excluded: 1 },
  change: {
    type: 'change',
    what: 'appeared',
    name: 'cart-1',
    mode: 'intercept',
    phase: 'active',
    workload: 'deployment/cart',
    match: 'all traffic',
    holder: 'ada@laptop, pid 1',
    since: '2026-01-01T00:00:00.000Z',
  },
  'target-unreachable': { type: 'target-unreachable', error },
  connection: { type: 'connection', state: 'resumed' },
  result: { type: 'result', result: { plans: [] } },
  error: { type: 'error', error },
  end: { type: 'end', status: 0 },
};

async function run(...args: string[]) {
  const terminal = captureTerminal();
  const status = await runProgram(args, { terminal, signal: new AbortController().signal });
  const lines = terminal
    .stdout()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as StreamEvent);
  return { status, lines, stderr: terminal.stderr() };
}

describe('-o json-stream', () => {
  it.each(Object.values(samples))('has lines of type $type as its schema says', (event) => {
    const line = streamLine(event);

    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(violations(schema, JSON.parse(line))).toEqual([]);
    expect(violations(schema, { ...JSON.parse(line), type: 'other' })).not.toEqual([]);
  });

  it('has every type in the guide', () => {
    const guide = read('../../../../docs/guides/embedding.md');
    const types = [...guide.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z-]+)`/g)].map(([, type]) => type),
    );

    expect(new Set(types)).toEqual(new Set(Object.keys(samples)));
  });

  it('ends with the status, after the result and after a failure', async () => {
    const manifest = new URL('../../demo/shop.yaml', import.meta.url).pathname;

    const planned = await run('plan', '-f', manifest, '-o', 'json-stream');
    const refused = await run('plan', 'deployment/nobody', '-f', manifest, '-o', 'json-stream');
    const unread = await run('plan', '--nonsense', '-o', 'json-stream');

    expect(planned.lines.map(({ type }) => type)).toEqual(['result', 'end']);
    expect(refused.lines.at(-1)).toMatchObject({ type: 'end', status: 2 });
    expect(unread.lines).toMatchObject([
      { type: 'error', error: { code: 'bad-request' } },
      { type: 'end', status: 2 },
    ]);
    for (const line of [...planned.lines, ...refused.lines, ...unread.lines])
      expect(violations(schema, line)).toEqual([]);
    expect(planned.stderr).toBe('');
  });

  it('is as silent about options of the program behind -- as of the command', async () => {
    const { status } = await (async () => {
      const terminal = captureTerminal();
      const args = ['plan', '-f', 'nowhere.yaml', '--', '-o', 'json-stream'];
      const status = await runProgram(args, { terminal, signal: new AbortController().signal });
      expect(terminal.stdout()).toBe('');
      return { status };
    })();

    expect(status).not.toBe(0);
  });
});
