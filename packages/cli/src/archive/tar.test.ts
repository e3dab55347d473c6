import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { tarOf } from './tar.ts';

it('is an archive that tar unpacks, whatever the length of names and files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-tar-'));
  const long = `fairlead-logs/agents/${'a'.repeat(80)}.${'b'.repeat(19)}`;
  const files = [
    { path: 'fairlead-logs/empty', bytes: Buffer.alloc(0) },
    { path: 'fairlead-logs/block', bytes: Buffer.alloc(512, 'x') },
    { path: 'fairlead-logs/words.txt', bytes: Buffer.from('sécret, ändern\n') },
    { path: long, bytes: Buffer.from('long') },
  ];

  const archive = gzipSync(tarOf(files, new Date('2026-01-01T00:00:00Z')));
  execFileSync('tar', ['-xzf', '-', '-C', folder], { input: archive });

  for (const { path, bytes } of files) expect(readFileSync(join(folder, path)).equals(bytes)).toBe(true);
  expect(statSync(join(folder, 'fairlead-logs/block')).mode & 0o777).toBe(0o600);
  rmSync(folder, { recursive: true });
  expect(() => tarOf([{ path: 'x'.repeat(101), bytes: Buffer.alloc(0) }], new Date())).toThrow('too long');
});
