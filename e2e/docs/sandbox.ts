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

/** A script that goes on. */
export interface Behind {
  /** What it has said so far. */
  output(): string;
  /** Ends it as Ctrl-C would. */
  interrupt(): Promise<Ran>;
}

/**
 * A folder in which the blocks of a page run one after another: a copy of the quick start's example with another one laid
 * over it, the repository's packages, chart and image, and a runtime directory of its own, so that `--local` means the
 * cluster that the page itself has started. `fairlead`, `npx fairlead` and `npm run fairlead --` are the command as it was
 * built; other scripts of npm only have to exist, as CI runs them anyhow. `docker` builds nothing: it looks whether
 * what it is told to build is there, and pushes only that.
 */
export class Sandbox implements AsyncDisposable {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #background: Started[] = [];

  constructor(example: string, env: NodeJS.ProcessEnv = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'fl-docs-'));
    for (const name of new Set(['quick-start', example])) {
      cpSync(join(root, 'examples', name), this.folder, { recursive: true });
    }
    for (const name of ['node_modules', 'charts', 'images']) symlinkSync(join(root, name), join(this.folder, name));
    const bin = join(this.folder, 'bin');
    mkdirSync(bin);
    for (const [name, script] of Object.entries(stands)) this.provide(name, script);
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

  /** Makes a program of this name be what scripts find first. */
  provide(name: string, script: string): void {
    const path = join(this.folder, 'bin', name);
    writeFileSync(path, script);
    chmodSync(path, 0o755);
  }

  /** Runs a script to its end. */
  async run(script: string, limitMs = 60_000): Promise<Ran> {
    return await ended(this.#start(script), limitMs);
  }

  /** Where a Service of the embedded cluster that was started here listens, without its port. */
  address(service: string): string {
    const output = this.#background.map((each) => each.output()).join('');
    const found = new RegExp(`^${service} +\\S+ +(\\S+):\\d+$`, 'm').exec(output)?.[1];
    if (found === undefined) throw new Error(`nothing said where ${service} is:\n${output}`);
    return found;
  }

  /** Starts a script that goes on, and waits until it has said these words. */
  async runBehind(script: string, words: string): Promise<Behind> {
    const started = this.#start(script);
    this.#background.push(started);
    await untilSaid(started, words);
    return { output: started.output, interrupt: () => interrupt(started) };
  }

  #start(script: string): Started {
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
    for (const started of this.#background.reverse()) await interrupt(started);
    rmSync(this.folder, { recursive: true });
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly closed: Promise<unknown>;
}

async function untilSaid({ child, output }: Started, words: string): Promise<void> {
  const deadline = AbortSignal.timeout(60_000);
  while (!output().includes(words)) {
    if (child.exitCode !== null || deadline.aborted) throw new Error(`never said "${words}", but:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function interrupt(started: Started): Promise<Ran> {
  if (started.child.exitCode === null) end(started.child, 'SIGINT');
  return await ended(started, 20_000);
}

/** Waits for the end, and brings it about when it is late. */
async function ended({ child, output, closed }: Started, limitMs: number): Promise<Ran> {
  const timer = setTimeout(() => end(child, 'SIGKILL'), limitMs);
  await closed;
  clearTimeout(timer);
  return { status: child.exitCode, output: output() };
}

/** A script is a group of processes: what it has started goes with it. */
function end(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has just ended by itself.
  }
}

const fairlead = 'exec node "$REPOSITORY/packages/cli/bin/fairlead.js" "$@"';
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
  docker: `#!/bin/bash
built="$HOME/.built-images"
case "$*" in
  'build -f '*' -t '*' .') [ -f "$3" ] || { echo "docker: there is no $3" >&2; exit 1; }; echo "$5" >> "$built" ;;
  'push '*) grep -qxF "$2" "$built" || { echo "docker: $2 was not built" >&2; exit 1; } ;;
  *) echo "docker: $* cannot be run here" >&2; exit 1 ;;
esac
`,
};
