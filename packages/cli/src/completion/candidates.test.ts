import { describe, expect, it } from 'vitest';
import { runProgram } from '../program.ts';
import { captureTerminal } from '../testing/captured-terminal.ts';

/** What the last of these words may become. */
async function completed(...words: string[]): Promise<readonly string[]> {
  const terminal = captureTerminal();
  const status = await runProgram(['__complete', '--', ...words], { terminal, signal: new AbortController().signal });
  expect(status).toBe(0);
  expect(terminal.stderr()).toBe('');
  return terminal
    .stdout()
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t')[0] ?? '');
}

const nowhere = ['--local', '/nowhere/at.sock'];

describe('completion', { timeout: 30_000 }, () => {
  it.each([
    [['inte'], ['intercept']],
    [['local', 'u'], ['up']],
    [['intercept', 'cart', '--path'], ['--path-prefix']],
    [
      ['list', '-o', 'json'],
      ['json', 'json-stream'],
    ],
    [['list', '--output=json-'], ['--output=json-stream']],
    [['intercept', 'cart', '--method', 'PA'], ['PATCH']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['uninstall', '--ag'], ['--agent']],
    [['plan', '-f', ''], [':files']],
    [['plan', '-f', 'one.yaml', ''], [':files']],
    [['plan', '-f', 'one.yaml', '--agent-'], ['--agent-image']],
    [['intercept', 'cart', '--', ''], [':files']],
    [['list', 'nothing', ''], []],
  ])('of %j is %j', async (words, candidates) => {
    expect(await completed(...words)).toEqual(candidates);
  });

  it('offers every command that is shown, and none that is not', async () => {
    const commands = await completed('');

    expect(commands).toEqual(expect.arrayContaining(['intercept', 'doctor', 'completion']));
    expect(commands).not.toContain('__complete');
  });

  it('is silent where no cluster answers', async () => {
    expect(await completed('intercept', ...nowhere, '')).toEqual([]);
    expect(await completed('leave', ...nowhere, '')).toEqual([]);
    expect(await completed('list', '--kubeconfig', '/nowhere', '--context', '')).toEqual([]);
  });
});
