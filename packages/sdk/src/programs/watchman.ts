import { spawn } from 'node:child_process';

/**
 * It reads one line from a pipe whose other end only this process has. When the pipe ends without it, this process was
 * killed, and the program follows. A terminal's Ctrl-C reaches it as well; its work is not done then.
 */
const script = `
trap '' INT TERM HUP
read -r word
[ "$word" != over ] || exit
kill -s TERM -- "$1" || exit
sleep "$2"
kill -s KILL -- "$1"
`;

/**
 * Sees to it that a program does not outlive this process, in whatever way that ends. `target` is its process, or its group
 * with a minus. Returns what is to be called when the program has ended. Where there is no shell nobody watches.
 */
export function postWatchman(target: number, graceMs: number): () => void {
  const watchman = spawn('/bin/sh', ['-c', script, 'sh', String(target), String(Math.ceil(graceMs / 1_000))], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/bin:/usr/bin' },
  });
  watchman.on('error', () => {});
  watchman.stdin.on('error', () => {});
  watchman.unref();
  return () => void watchman.stdin.end('over\n');
}
