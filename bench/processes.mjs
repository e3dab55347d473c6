import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const running = new Set();

/** Starts a program that lives as long as the benchmark; its words are shown only when it ends early. */
export function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let words = '';
  const keep = (chunk) => (words = (words + chunk).slice(-4000));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.expected = false;
  child.once('exit', (code, signal) => {
    running.delete(child);
    if (!child.expected) console.error(`${program} ended early (${code ?? signal}): ${words}`);
  });
  running.add(child);
  return child;
}

/** Ends one program and waits until it is gone. */
export async function stop(child) {
  child.expected = true;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), 3000);
  await gone;
  clearTimeout(forced);
}

/** Ends every program that is still running. */
export async function stopAll() {
  await Promise.all([...running].map(stop));
}

/** Resolves when something accepts on the port; fails after 10 s. */
export async function listening(port, host = '127.0.0.1') {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const open = await new Promise((resolve) => {
      const socket = connect({ port, host }, () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > deadline) throw new Error(`nothing listens on ${host}:${port}`);
    await sleep(20);
  }
}

/** CPU time that the processes have used so far, in seconds, from the scheduler's own nanosecond count. */
export function cpuSeconds(...pids) {
  let nanoseconds = 0;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    }
  }
  return nanoseconds / 1e9;
}

/** Resident memory of a process in MB (10^6 bytes). */
export function rssMegabytes(pid) {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+) kB/);
  return (Number(line[1]) * 1024) / 1e6;
}

/** A process and the worker that it forks, which it may do after it began to listen. */
export async function withWorker(pid) {
  for (;;) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    if (children !== '') return [pid, ...children.split(' ').map(Number)];
    await sleep(10);
  }
}

/** Runs a program to its end; resolves to what it wrote. Fails on an exit status other than 0. */
export function finish(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`${program}: ${err || out}`))));
  });
}
