import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { type CallOptions, type Clock, FairleadError } from '@fairlead/core';
import { attachFiles, type FilesAccess } from '../files/attach-files.ts';
import { timeLimit } from '../time-limit.ts';
import { isMounted, type MountPlace, prepareMountPlace } from './mount-place.ts';
import { findMountTools, type MountTools } from './mount-tools.ts';
import { MountedRequests } from './mounted-requests.ts';

/** Options of `intercept.mount()`. */
export interface MountOptions extends CallOptions {
  /** Whose volumes. Default: the container of the intercepted port, of the first one where there are several. */
  readonly container?: string | undefined;
  /** The pod whose volumes they are. Default: any, and another one when it goes away. */
  readonly pod?: string | undefined;
  /** Whether files may be changed, where the volume is shared read-write. Default false. */
  readonly writable?: boolean | undefined;
  /** How long mounting may take, in milliseconds. Default 20 000. */
  readonly timeoutMs?: number | undefined;
}

const run = promisify(execFile);
const defaultTimeoutMs = 20_000;
const attachMs = 10_000;
/** How long programs are shown what was seen of the remote files, in seconds. */
const cacheSeconds = 2;
const pollMs = 20;
const endMs = 3_000;
const maxErrorLength = 4_000;

/**
 * The volumes of an intercepted container as a directory of this machine. Disposing unmounts. The program that mounts
 * unmounts by itself when this process dies in whatever way. Made by `intercept.mount()`.
 *
 * This process answers for the files: read them in other processes, or here with asynchronous calls only. A synchronous one
 * would wait for itself.
 */
export class FilesMount implements AsyncDisposable {
  /** Absolute. Below it are the paths of the container: `/etc/app` is `<directory>/etc/app`. */
  readonly directory: string;
  readonly #place: MountPlace;
  readonly #tools: MountTools;
  readonly #clock: Clock;
  readonly #sshfs: ChildProcess;
  readonly #requests: MountedRequests;
  readonly #over = new AbortController();
  readonly #ended: Promise<void>;
  #said = '';
  #unmounting: Promise<void> | undefined;

  private constructor(place: MountPlace, tools: MountTools, sshfs: ChildProcess, parts: MountParts) {
    this.directory = place.directory;
    this.#place = place;
    this.#tools = tools;
    this.#clock = parts.access.clock;
    this.#sshfs = sshfs;
    this.#requests = new MountedRequests({
      clock: this.#clock,
      first: parts.first,
      attach: () => attachFiles(parts.access, attachMs, this.signal),
      say: (packet) => (sshfs.stdin?.writable ? sshfs.stdin.write(packet) : true),
      pause: (isPaused) => void (isPaused ? sshfs.stdout?.pause() : sshfs.stdout?.resume()),
      signal: this.signal,
    });
    this.#ended = this.#follow();
  }

  /** @internal Mounts. Fails with `mount-unavailable`, `mount-failed`, `timeout`, or as coming to the files does. */
  static async open(wanted: string, access: FilesAccess, options: MountOptions): Promise<FilesMount> {
    const { timeoutMs = defaultTimeoutMs, writable = false, signal } = options;
    const tools = await findMountTools();
    const place = await prepareMountPlace(wanted);
    const late = (): FairleadError =>
      new FairleadError('timeout', `nothing was mounted on ${place.directory} in ${timeoutMs} ms`, { phase: 'serve' });
    using limit = timeLimit(access.clock, timeoutMs, late, signal);
    let mount: FilesMount | undefined;
    try {
      const first = await attachFiles(access, timeoutMs, limit.signal);
      // In a group of its own: a Ctrl-C is for this program, which unmounts when everybody is through.
      const sshfs = spawn(tools.sshfs, argumentsFor(place.directory, writable), { detached: true });
      mount = new FilesMount(place, tools, sshfs, { access, first });
      await mount.#untilMounted(AbortSignal.any([limit.signal, access.signal, mount.signal]));
      return mount;
    } catch (error) {
      await (mount ? mount.unmount() : place.giveBack());
      throw error;
    }
  }

  /** Aborts when it is unmounted; the reason says by whom. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** The pod whose files they are at the moment; undefined while another one is looked for. */
  get pod(): string | undefined {
    return this.#requests.pod;
  }

  /** Unmounts, also when files are in use. Never rejects; harmless the second time. */
  unmount(): Promise<void> {
    this.#unmounting ??= this.#unmount();
    return this.#unmounting;
  }

  /** As {@link unmount}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.unmount();
  }

  async #unmount(): Promise<void> {
    this.#over.abort(new FairleadError('closed', `${this.directory} was unmounted`, { phase: 'release' }));
    this.#sshfs.kill('SIGTERM');
    using _force = this.#clock.after(endMs, () => void this.#sshfs.kill('SIGKILL'));
    await this.#ended;
    // One that was killed has left its mount behind.
    if (await isMounted(this.directory))
      await run(this.#tools.fusermount, ['-u', '-z', this.directory]).catch(() => {});
    await this.#place.giveBack();
  }

  async #untilMounted(signal: AbortSignal): Promise<void> {
    while (!(await isMounted(this.directory))) {
      signal.throwIfAborted();
      await this.#clock.sleep(pollMs, { signal });
    }
  }

  /** Resolves when the program that mounts has ended. */
  async #follow(): Promise<void> {
    const { stdin, stdout, stderr } = this.#sshfs;
    for (const stream of [stdin, stdout, stderr]) stream?.on('error', () => {});
    stdin?.on('drain', () => this.#requests.drained());
    stderr?.on('data', (chunk: Buffer) => {
      if (this.#said.length < maxErrorLength) this.#said += chunk.toString('utf8');
    });
    stdout?.on('data', (chunk: Buffer) => {
      try {
        this.#requests.take(chunk);
      } catch (error) {
        this.#said += String(error);
        this.#sshfs.kill('SIGTERM');
      }
    });
    const why = await new Promise<string>((resolve) => {
      this.#sshfs.once('error', (error) => resolve(error.message));
      this.#sshfs.once('close', (code, name) => resolve(this.#said.trim() || `sshfs ended with ${code ?? name}`));
    });
    this.#over.abort(new FairleadError('mount-failed', `${this.directory} is not mounted: ${why}`, { phase: 'serve' }));
  }
}

interface MountParts {
  readonly access: FilesAccess;
  readonly first: Awaited<ReturnType<typeof attachFiles>>;
}

function argumentsFor(directory: string, writable: boolean): readonly string[] {
  const options = [
    // By stdin and stdout: no port of this machine is opened, which others could read files by.
    'passive',
    // Links are followed in the pod, within its volumes. Followed here they could lead anywhere on this machine.
    'follow_symlinks',
    'fsname=fairlead',
    `dcache_timeout=${cacheSeconds}`,
    ...(writable ? [] : ['ro']),
  ];
  return ['-f', '-o', options.join(','), 'fairlead:/', directory];
}
