import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { JsonLineLogger } from '@fairlead/agent-runtime';
import { FairleadError, type Logger } from '@fairlead/core';
import { callHook, type HookAnswer } from './call-hook.ts';

/** Where the Job mounts what it needs. */
const identityDirectory = '/var/run/fairlead';

/** Pods are replaced one after the other; a large cluster takes its time. */
const hookMs = 850_000;
/** After an upgrade it takes a moment until the successor leads. */
const reachMs = 90_000;
const pauseMs = 2_000;

/** Options of {@link runHook}. */
export interface RunHookOptions {
  /** Has the files `token` and `ca.crt`. Default: where the Job mounts them. */
  readonly directory?: string;
  /** How long the traffic-manager may be out of reach. Default 90 000. */
  readonly reachMs?: number;
  /** Default: JSON lines on stdout. */
  readonly logger?: Logger;
}

/**
 * Has the traffic-manager do what the URL names, and resolves when it is done. Tries again while nobody answers or the
 * answer is that it is not the time. Fails with `bad-request`, `unreachable`, `forbidden` or what the hook fails with.
 */
export async function runHook(args: readonly string[], options: RunHookOptions = {}): Promise<void> {
  const {
    directory = identityDirectory,
    logger = new JsonLineLogger((line) => void process.stdout.write(line), 'info'),
  } = options;
  const url = parseUrl(args);
  const ends = Date.now() + (options.reachMs ?? reachMs);
  for (;;) {
    const problem = await attempt(url, directory);
    if (!problem) break;
    if (!problem.retryable || Date.now() >= ends) throw problem;
    logger.warn({ code: problem.code, reason: problem.message }, 'trying again');
    await sleep(pauseMs);
  }
  logger.info({ hook: url.pathname }, 'done');
}

/** What went wrong; undefined: nothing. The files are read anew, since both change in place. */
async function attempt(url: URL, directory: string): Promise<FairleadError | undefined> {
  try {
    const [token, ca] = await Promise.all([
      readFile(`${directory}/token`, 'utf8'),
      readFile(`${directory}/ca.crt`, 'utf8'),
    ]);
    return problemOf(await callHook({ url, token: token.trim(), ca, signal: AbortSignal.timeout(hookMs) }));
  } catch (thrown) {
    return FairleadError.from(thrown, 'unreachable', 'cannot call the traffic-manager');
  }
}

function problemOf({ status, body }: HookAnswer): FairleadError | undefined {
  if (status === 200) return undefined;
  const said = `the traffic-manager answered ${status}: ${body.trim()}`;
  if (status === 401 || status === 403) return new FairleadError('forbidden', said);
  return new FairleadError(status === 409 || status === 429 || status === 503 ? 'unreachable' : 'internal', said);
}

function parseUrl([text = '', ...rest]: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' && rest.length === 0) return url;
  throw new FairleadError('bad-request', 'wanted one argument: the https URL of a hook', { phase: 'input' });
}
