import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fairleadMain, RunningShop, startProgram } from './running-shop.ts';

let shop: RunningShop;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  shop = await RunningShop.start();
  const program = join(shop.folder, 'fairlead');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${fairleadMain}" "$@"\n`);
  chmodSync(program, 0o755);
  env = { ...process.env, PATH: `${shop.folder}${delimiter}${process.env.PATH}`, HOME: shop.folder, TERM: 'dumb' };
  // A machine with much to do takes its time.
  env.FAIRLEAD_COMPLETION_TIMEOUT = '60';
}, 70_000);

afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
}, 30_000);

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

/** Lets a shell run this script, and returns the lines that it says. */
async function say(shell: string, script: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr } = await startProgram(shell, [...args, '-c', script], { env }).finished;
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

describe('completion in bash', () => {
  it('is registered, and completes commands, choices and what the cluster has', async () => {
    const local = `--local ${shop.socket}`;
    // As bash does when the key is pressed.
    const press = (line: string) => `
      COMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDS=(fairlead) COMP_CWORD=1
      _fairlead fairlead
      echo "\${COMPREPLY[@]}"`;
    const lines = [
      'wire',
      'list --output=json-',
      `intercept ${local} deployment/c`,
      `intercept cart ${local} --port h`,
    ];

    const said = await say(
      'bash',
      `source <(fairlead completion bash); complete -p fairlead; ${lines.map((line) => press(`fairlead ${line}`)).join('\n')}`,
      '--norc',
    );

    expect(said).toEqual(['complete -F _fairlead fairlead', 'wiretap', 'json-stream', 'deployment/cart', 'http']);
  }, 60_000);
});

describe.runIf(isThere('fish'))('completion in fish', () => {
  const fish = (line: string) => say('fish', `fairlead completion fish | source; complete -C '${line}'`, '--no-config');

  it('has descriptions, and what the cluster has', async () => {
    expect(await fish('fairlead wire')).toEqual([
      'wiretap\tPrint a copy of the traffic of a workload; replies are unchanged',
    ]);
    expect(await fish(`fairlead intercept --local ${shop.socket} deployment/c`)).toEqual(['deployment/cart']);
  });
});

describe.runIf(isThere('zsh'))('completion in zsh', () => {
  it('completes a word when the key is pressed', async () => {
    const script = `
      zmodload zsh/zpty
      zpty -b shell zsh -f -i
      await() {
        said=''
        for attempt in {1..200}; do
          while zpty -r -t shell chunk; do said+="$chunk"; done
          [[ "$said" == *"$1"* ]] && return
          sleep 0.05
        done
      }
      zpty -w shell 'autoload -U compinit; compinit -u -D; source <(fairlead completion zsh); print re""ady'
      await ready
      zpty -w -n shell $'fairlead wiret\t'
      await 'wiretap'
      print -r -- "$said"
      zpty -d shell`;

    const { stdout } = await startProgram('zsh', ['-f', '-c', script], { env: { ...env, TERM: 'xterm' } }).finished;

    expect(stdout).toContain('fairlead wiretap');
  });
});
