import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { formatEnvironment } from './format-environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-env-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Values that hurt: quotes, dollars, breaks, hashes, spaces at the ends. */
const value = fc.string({
  unit: fc.oneof(
    fc.constantFrom("'", '"', '$', '`', '\\', '\n', '\r', '\t', ' ', '#', '=', '!', '%', '$(id)', '‘', '’', 'é', '🙂'),
    fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
});
const name = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/) },
  fc.constantFrom('my.key', 'a-b', '1ST', '#NAME', 'PPID', 'lower', 'spa ce'),
);
const variables = fc
  .dictionary(fc.oneof(name), value, { maxKeys: 8, noNullPrototype: true })
  .map((all) => Object.fromEntries(Object.entries(all).map(([key, text]) => [key, text.replaceAll('\0', '')])));

const without = (all: Readonly<Record<string, string>>, omitted: readonly { readonly name: string }[]) =>
  Object.fromEntries(Object.entries(all).filter(([key]) => !omitted.some((each) => each.name === key)));

/** As Docker reads an env file: `opts/file.go` of its command line. */
function readAsDocker(text: string): Record<string, string> {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const entries = lines.flatMap((line, index) => {
    if (Buffer.byteLength(line) >= 65_536) throw new Error('token too long');
    const trimmed = (index === 0 ? line.replace(/^\ufeff/, '') : line).trimStart();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const at = trimmed.indexOf('=');
    const key = at < 0 ? trimmed : trimmed.slice(0, at);
    if (/\s/.test(key) || key === '') throw new Error(`invalid name ${key}`);
    return at < 0 ? [] : [[key, trimmed.slice(at + 1)] as const];
  });
  return Object.fromEntries(entries);
}

/** As PowerShell reads single-quoted texts. */
function readAsPowerShell(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  let rest = text.replace(/^\ufeff/, '');
  while (rest !== '') {
    const [all = '', key = '', quoted = ''] =
      /^\$\{Env:([^}]+)\}='((?:[^'\u2018-\u201b]|['\u2018-\u201b]{2})*)'\n/.exec(rest) ?? [];
    if (all === '') throw new Error(`no PowerShell: ${rest}`);
    found[key] = quoted.replaceAll(/(['\u2018-\u201b])['\u2018-\u201b]/g, '$1');
    rest = rest.slice(all.length);
  }
  return found;
}

function readAsShell(text: string): Record<string, string> {
  const file = join(folder, 'env.sh');
  writeFileSync(file, text);
  const out = execFileSync('/bin/sh', ['-c', '. "$0" && exec /usr/bin/env -0', file], { env: {}, encoding: 'utf8' });
  const entries = out.split('\0').filter((line) => line !== '');
  const all = Object.fromEntries(
    entries.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  for (const own of ['PWD', 'OLDPWD', '_', 'SHLVL']) if (!text.includes(`export ${own}=`)) delete all[own];
  return all;
}

describe('an environment that was written down', () => {
  it('is read by Docker as it was', () => {
    fc.assert(
      fc.property(variables, (all) => {
        const { text, omitted } = formatEnvironment(all, 'docker');

        expect(readAsDocker(text)).toEqual(without(all, omitted));
        for (const each of omitted) expect(`${each.name}=${all[each.name]}`).toMatch(/\n|\r$|^#|^\S*\s\S*=/);
      }),
      { numRuns: 500 },
    );
  });

  it('is read by a real shell as it was', () => {
    fc.assert(
      fc.property(variables, (all) => {
        const { text, omitted } = formatEnvironment(all, 'sh');

        expect(readAsShell(text)).toEqual(without(all, omitted));
        for (const each of omitted) expect(each.name).toMatch(/^\d|[^A-Za-z0-9_]|PPID/);
      }),
      { numRuns: 60 },
    );
  });

  it('is read by PowerShell as it was', () => {
    fc.assert(
      fc.property(variables, (all) => {
        const { text, omitted } = formatEnvironment(all, 'ps');

        expect(readAsPowerShell(text)).toEqual(without(all, omitted));
        for (const each of omitted) expect(all[each.name] === '' || /[^A-Za-z0-9_.-]/.test(each.name)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same object as JSON', () => {
    fc.assert(
      fc.property(variables, (all) => {
        const { text, omitted } = formatEnvironment(all, 'json');

        expect(JSON.parse(text)).toEqual(all);
        expect(omitted).toEqual([]);
      }),
    );
  });

  it('says of each variable that was left out why', () => {
    const all = { KEY: 'line 1\nline 2', LONG: 'x'.repeat(70_000), RETURN: 'a\r', FINE: ' "a" ' };

    expect(formatEnvironment(all, 'docker')).toEqual({
      text: 'FINE= "a" \n',
      omitted: [
        { name: 'KEY', reason: expect.stringMatching(/line break/) },
        { name: 'LONG', reason: expect.stringMatching(/so long a line/) },
        { name: 'RETURN', reason: expect.stringMatching(/carriage return/) },
      ],
    });
  });
});
