import type { ErrorCode, PodProblem } from '@fairlead/core';
import type { ProcessEnd } from './process-group.ts';

/** Why a container does not do its work, with the code of the error that it would make. */
export interface ContainerProblem extends PodProblem {
  readonly code: ErrorCode;
}

const addressInUse = /EADDRINUSE|address (is )?already in use|errno 98|errno 48/i;

/** Reads the cause from how a process ended and what it wrote last. */
export function problemOfEnd(
  container: string,
  end: ProcessEnd,
  lastLines: readonly string[],
  host: string,
): ContainerProblem {
  if (end.failure) {
    return { cause: 'config', code: 'bad-manifest', message: `container ${container}: ${end.failure.message}` };
  }
  const taken = lastLines.find((line) => addressInUse.test(line));
  if (taken !== undefined) {
    const message = `container ${container} asks for an address that is taken (${taken.trim()}); make it listen on the address in the variable HOST (${host})`;
    return { cause: 'crash', code: 'port-taken', message };
  }
  const how = end.signal ? `was killed by ${end.signal}` : `exited with code ${end.code}`;
  const words = meaningful(lastLines).map((line) => line.trim());
  const said = words.length > 0 ? `; its last words: ${words.join(' | ')}` : ' and said nothing';
  return { cause: 'crash', code: 'rollout-failed', message: `container ${container} ${how}${said}` };
}

/** The lines that say most: stack frames and empty lines say little. */
function meaningful(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.trim() !== '' && !/^\s+at |^Node\.js v/.test(line)).slice(-shownWords);
}

const shownWords = 5;
