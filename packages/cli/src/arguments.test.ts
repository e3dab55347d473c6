import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { matchFromArguments } from './match-argument.ts';
import { parseCount, parseSeconds } from './number-argument.ts';
import { table } from './output/table.ts';
import { parsePortArgument } from './port-argument.ts';
import { build } from './program.ts';
import { captureTerminal } from './testing/captured-terminal.ts';

describe('arguments', () => {
  it('are none that Node takes for its own, though they stand behind the name of the program', () => {
    const { commands } = build(() => async () => {}, captureTerminal());
    const options = commands.flatMap((command) =>
      command.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? ''),
    );

    const args = ['-', ...options.flatMap((option) => [option, 'nowhere'])];
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      input: 'console.log(process.argv.length)',
      encoding: 'utf8',
    });

    expect(stdout + stderr).toBe(`${args.length + 1}\n`);
  });

  it('are numbers with a flag, which the message names', () => {
    expect([parseSeconds('--timeout', '90'), parseSeconds('--for', '0.5'), parseCount('--limit', '3')]).toEqual([
      90_000, 500, 3,
    ]);
    for (const text of ['', 'soon', '0', '-1', 'Infinity', '1e9', 'NaN']) {
      expect(() => parseSeconds('--timeout', text)).toThrow(/--timeout is ".*", not a number of seconds/);
      expect(() => parseCount('--limit', text)).toThrow(/--limit is/);
    }
  });

  it.each([
    ['http', { port: 'http' }],
    ['80', { port: 80 }],
    ['http:8080', { port: 'http', local: 8080 }],
    ['80:9090', { port: 80, local: 9090 }],
    ['dns/UDP', { port: 'dns/UDP' }],
    ['53/udp:5353', { port: '53/UDP', local: 5353 }],
  ])('--port %s', (text, meant) => {
    expect(parsePortArgument(text)).toEqual(meant);
  });

  it.each([
    '',
    ':80',
    'http:',
    'http:x',
    'http:0',
    '80:65536',
    '0',
    '99999',
    'a:1:2',
    '53/SCTP',
    '/UDP',
    '80:5353/UDP',
  ])('--port "%s" is refused', (text) => {
    expect(() => parsePortArgument(text)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });

  it('make one match of all that is said, and none of nothing', () => {
    expect(matchFromArguments({})).toBeUndefined();
    expect(matchFromArguments({ header: ['x-user=ada', 'x-eq=a=b'], pathPrefix: '/cart', method: 'GET' })).toEqual({
      headers: { 'x-user': 'ada', 'x-eq': 'a=b' },
      path: { prefix: '/cart' },
      method: 'GET',
    });
  });

  it('refuse a header without a value to compare', () => {
    expect(() => matchFromArguments({ header: ['x-user'] })).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });
});

describe('a table', () => {
  it('lines up its columns and leaves no blanks at the end', () => {
    expect(
      table(
        ['A', 'LONGER', 'C'],
        [
          ['1', '2', ''],
          ['three', '4', '5'],
        ],
      ),
    ).toBe('A      LONGER  C\n1      2\nthree  4       5\n');
  });
});
