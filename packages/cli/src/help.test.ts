import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { examples } from './examples.ts';
import { build, leavesOf, nameOf, runProgram } from './program.ts';
import { captureTerminal } from './testing/captured-terminal.ts';
import { commandReference } from './testing/command-reference.ts';

/** The real program, whose commands do nothing but tell that they were reached. */
function harmless(reached: (command: Command) => void = () => {}): Command {
  const program = build(
    () =>
      async (...given: unknown[]) =>
        reached(given.at(-1) as Command),
    captureTerminal(),
  );
  return program;
}

const lines = Object.entries(examples).flatMap(([name, shown]) => shown.map(({ line }) => [name, line] as const));

describe('--help', () => {
  it('has examples for every command, and for no other', () => {
    const names = leavesOf(harmless()).map(nameOf);

    expect(new Set(Object.keys(examples))).toEqual(new Set(names.filter((name) => !name.startsWith('_'))));
  });

  it.each(lines)('of %s has an example that the program can read: %s', async (name, line) => {
    const reached: string[] = [];
    const [program, ...args] = line.split(' ');

    await harmless((command) => reached.push(nameOf(command))).parseAsync(args, { from: 'user' });

    expect(program).toBe('fairlead');
    expect(reached).toEqual([name]);
  });

  it('shows them', async () => {
    const terminal = captureTerminal();

    const status = await runProgram(['leave', '--help'], { terminal, signal: new AbortController().signal });

    expect(status).toBe(0);
    expect(terminal.stdout()).toContain('Examples:\n  fairlead leave cart-1f2e3d4c\n      end one intercept');
  });

  it('is what the guide says (npx vitest -u writes the guide anew)', async () => {
    await expect(commandReference(harmless())).toMatchFileSnapshot('../../../docs/guides/command-line.md');
  });
});
