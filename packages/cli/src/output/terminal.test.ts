import { describe, expect, it } from 'vitest';
import { createProgress } from './progress.ts';
import { processTerminal } from './terminal.ts';

function terminalOf(env: Readonly<Record<string, string>>, isTTY = true) {
  let said = '';
  const stream = { isTTY, columns: 20, write: (text: string) => (said += text) };
  return { terminal: processTerminal({ stdout: stream, stderr: stream, env }), said: () => said };
}

describe('the terminal of a process', () => {
  it.each([
    ['a terminal', {}, true, true, true],
    ['a pipe', {}, false, false, false],
    ['a terminal that can do nothing', { TERM: 'dumb' }, true, false, false],
    ['a CI that pretends to be a terminal', { CI: 'true' }, true, false, false],
    ['a terminal with NO_COLOR', { NO_COLOR: '1' }, true, false, true],
    ['a terminal with an empty NO_COLOR', { NO_COLOR: '' }, true, true, true],
    ['a pipe with FORCE_COLOR', { FORCE_COLOR: '1' }, false, true, false],
    ['FORCE_COLOR over NO_COLOR', { FORCE_COLOR: '', NO_COLOR: '1' }, false, true, false],
    ['a terminal with FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, false, true],
  ])('for %s', (_what, env, isTTY, hasColour, isInteractive) => {
    expect(terminalOf(env as Record<string, string>, isTTY).terminal).toMatchObject({ hasColour, isInteractive });
  });
});

describe('a spinner', () => {
  it('never wraps, is gone when the step ends, and listens to no signal', () => {
    const listeners = process.listenerCount('SIGINT');
    const { terminal, said } = terminalOf({ NO_COLOR: '1' });
    const progress = createProgress(terminal);

    progress.step('a step with a name that is longer than the line');
    const drawn = said();
    progress.note('by the way');
    progress.done('done');
    const ended = said();
    progress.rest();

    expect(process.listenerCount('SIGINT')).toBe(listeners);
    expect(drawn.endsWith('⠋ a step with a na…')).toBe(true);
    expect(ended.endsWith('\r\u001b[2K✓ done\n')).toBe(true);
    expect(said()).toBe(ended);
  });
});
