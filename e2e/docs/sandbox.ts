import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './blocks.ts';

/** What a block did. */
export interface Ran {
  readonly status: number | null;
  /** Both streams, as they came. */
  readonly output: string;
}

/**
 * A folder in which the blocks of a page run one after another: a copy of the quick start's example with another one laid
 * over it, the repository's packages, and a runtime directory of its own, so that `--local` means the cluster that the page itself has started. `fairlead`, `npx
 * fairlead` and `npm run fairlead --` are the command as it was built; other scripts of npm only have to exist, as CI runs
 * them anyhow.
 */
export class Sandbox implements AsyncDisposable {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #background: { child: ChildProcess; output: () => string; closed: Promise<unknown> }[] = [];

  constructor(example: string, env: NodeJS.ProcessEnv = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'fl-docs-'));
    for (const name of new Set(['quick-start', example])) {
      cpSync(join(root, 'examples', name), this.folder, { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
    const bin = join(this.folder, 'bin');
    mkdirSync(bin);
    for (const [name, script] of Object.entries(stands)) {
      writeFileSync(join(bin, name), script);
      chmodSync(join(bin, name), 0o755);
    }
    const { KUBECONFIG: _, ...surroundings } = process.env;
    this.#env = {
      ...surroundings,
      PATH: `${bin}:${process.env.PATH}`,
      HOME: this.folder,
      XDG_RUNTIME_DIR: this.folder,
      REPOSITORY: root,
      NO_COLOR: '1',
      ...env,
    };
  }

  /** Runs a script to its end. */
  async run(script: string): Promise<Ran> {
    const { child, output, closed } = this.#start(script);
    const timer = setTimeout(() => end(child, 'SIGKILL'), 60_000);
    await closed;
    clearTimeout(timer);
    return { status: child.exitCode, output: output() };
  }

  /** Where a Service of the embedded cluster that was started here listens, without its port. */
  address(service: string): string {
    const output = this.#background.map((each) => each.output()).join('');
    const found = new RegExp(`^${service} +\\S+ +(\\S+):\\d+$`, 'm').exec(output)?.[1];
    if (found === undefined) throw new Error(`nothing said where ${service} is:\n${output}`);
    return found;
  }

  /** Starts a script that goes on, and waits until it has said these words. */
  async runBehind(script: string, until: string): Promise<void> {
    const started = this.#start(script);
    this.#background.push(started);
    const deadline = AbortSignal.timeout(60_000);
    while (!started.output().includes(until)) {
      if (started.child.exitCode !== null || deadline.aborted) {
        throw new Error(`never said "${until}", but:\n${started.output()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #start(script: string) {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: this.folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    return { child, output: () => output, closed: once(child, 'close') };
  }

  /** Ends what was left running, the last first, as Ctrl-C would, and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, closed } of this.#background.reverse()) {
      const timer = setTimeout(() => end(child, 'SIGKILL'), 20_000);
      if (child.exitCode === null) end(child, 'SIGINT');
      await closed;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true });
  }
}

/** A script is a group of processes: what it has started goes with it. */
function end(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has just ended by itself.
  }
}

const fairlead = 'exec node "$REPOSITORY/packages/cli/dist/main.js" "$@"';
const stands: Readonly<Record<string, string>> = {
  fairlead: `#!/bin/bash\n${fairlead}\n`,
  npx: `#!/bin/bash\n[ "$1" = fairlead ] || { echo "npx: only fairlead can be run here" >&2; exit 1; }\nshift\n${fairlead}\n`,
  npm: `#!/bin/bash
case "$1" in ci) exit 0 ;; test) set -- run test ;; esac
[ "$1" = run ] || { echo "npm: $1 cannot be run here" >&2; exit 1; }
shift
while [[ "\${1:-}" = -* ]]; do shift; done
if [ "$1" = fairlead ]; then shift; [ "\${1:-}" != -- ] || shift; ${fairlead}; fi
cd "$REPOSITORY" && exec node -e 'process.exit(require("./package.json").scripts[process.argv[1]] ? 0 : 1)' "$1"
`,
};
