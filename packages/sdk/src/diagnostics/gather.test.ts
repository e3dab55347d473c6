import { type DiagnosticSource, type Diagnostics, ManualClock } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { type DiagnosticPiece, type GatherOptions, gatherDiagnostics } from './gather.ts';

const clock = new ManualClock({ settle: () => new Promise((resolve) => setImmediate(resolve)) });

async function gather(sources: readonly DiagnosticSource[], options: GatherOptions = {}) {
  const diagnostics: Diagnostics = { sources: async () => sources };
  const pieces: DiagnosticPiece[] = [];
  for await (const piece of gatherDiagnostics(diagnostics, clock, { namespace: 'shop' }, options)) pieces.push(piece);
  return pieces;
}

const saying = (path: string, content: unknown): DiagnosticSource => ({ path, read: async () => content });

describe('what is gathered', () => {
  it('has no secret that stood in an object before it came in a log', async () => {
    const pods = [
      { kind: 'Pod', spec: { containers: [{ name: 'app', env: [{ name: 'DSN', value: 'planted-secret' }] }] } },
    ];

    const pieces = await gather([saying('pods.json', pods), saying('agents/a.log', 'dialling planted-secret\n')]);

    expect(pieces.map(({ path }) => path)).toEqual(['pods.json', 'agents/a.log']);
    expect(JSON.stringify(pieces)).not.toContain('planted-secret');
    expect(pieces[1]?.text).toBe('dialling [redacted]\n');
  });

  it('has a note in the place of what fails, and of what takes too long', async () => {
    const failing: DiagnosticSource = { path: 'a', read: () => Promise.reject(new Error('token=planted-secret')) };
    const never: DiagnosticSource = { path: 'b', read: () => new Promise(() => {}) };

    const asked = gather([failing, never, saying('c', 'fine')], { timeoutMs: 5_000 });
    await clock.advance(10_000);
    await clock.advance(10_000);

    expect(await asked).toEqual([
      { path: 'a', text: '', note: 'internal: token=[redacted]' },
      { path: 'b', text: '', note: 'timeout: not read in 5000 ms' },
      { path: 'c', text: 'fine' },
    ]);
  });

  it('is bounded, each and together, and keeps the end', async () => {
    const lines = `${'x'.repeat(50)}\nthe end\n`;

    const pieces = await gather([saying('a', lines), saying('b', lines), saying('c', lines)], {
      maxBytes: 20,
      maxTotalBytes: 12,
    });

    expect(pieces.map(({ text }) => text)).toEqual(['the end\n', '', '']);
    expect(pieces.map(({ note }) => note)).toEqual([
      expect.stringContaining('only the last 12 of 59 bytes'),
      expect.stringContaining('only the last 4'),
      expect.stringContaining('only the last'),
    ]);
  });

  it('ends with the reason of its signal', async () => {
    const reason = new Error('not now');

    await expect(gather([saying('a', 'b')], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
