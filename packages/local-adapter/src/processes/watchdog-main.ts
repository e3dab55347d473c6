/**
 * Ends what an embedded cluster leaves behind. Runs as a process of its own, holding the read end of a pipe whose write
 * end only the cluster's process has: when that process ends, however it does, the pipe ends, and every process group
 * that was announced and not taken back is killed, every directory removed.
 *
 * One line per message: `+PID`, `-PID`, `dir PATH` (the path as JSON).
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const groups = new Set<number>();
const directories: string[] = [];

// The terminal's Ctrl-C reaches this process as well; the work is not done then.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  if (line.startsWith('+')) groups.add(Number(line.slice(1)));
  else if (line.startsWith('-')) groups.delete(Number(line.slice(1)));
  else if (line.startsWith('dir ')) directories.push(JSON.parse(line.slice(4)) as string);
}
for (const group of groups) {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
