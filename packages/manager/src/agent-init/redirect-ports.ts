import { FairleadError, type Logger } from '@fairlead/core';
import { type AddressFamily, chainContent, type EntryRule, inboundEntry, ownEntry } from './packet-rules.ts';
import type { RedirectArguments } from './redirect-arguments.ts';
import type { ProgramResult, RunProgram } from './run-program.ts';

/** Another program may hold the tables for a moment. */
const waitSeconds = '10';

/** What writing rules works with. */
export interface RedirectParts {
  readonly run: RunProgram;
  readonly logger: Logger;
}

/** Writes the packet rules for one family of addresses. What an earlier run wrote is replaced. Fails with `unsupported`. */
export async function redirectPorts(
  args: RedirectArguments,
  family: AddressFamily,
  parts: RedirectParts,
): Promise<void> {
  const iptables = family === 'ipv4' ? 'iptables' : 'ip6tables';
  const { run, logger } = parts;
  const written = await run(`${iptables}-restore`, ['--noflush', '-w', waitSeconds], chainContent(args));
  if (written.code !== 0) throw refused(family, written);
  const entered = await enter(run, iptables, inboundEntry);
  if (entered.code !== 0) throw refused(family, entered);
  const own = await enter(run, iptables, ownEntry(args.agentUser, family));
  if (own.code === 0) return;
  logger.warn(
    { family, reason: own.said },
    "what the pod sends to its own address is not redirected: the kernel can't",
  );
}

/** Before everything else, and only once. */
async function enter(run: RunProgram, iptables: string, { chain, rule }: EntryRule): Promise<ProgramResult> {
  const table = ['-w', waitSeconds, '-t', 'nat'];
  const present = await run(iptables, [...table, '-C', chain, ...rule]);
  return present.code === 0 ? present : await run(iptables, [...table, '-I', chain, '1', ...rule]);
}

function refused(family: AddressFamily, { code, said }: ProgramResult): FairleadError {
  const message = `cannot write packet rules for ${family}: ${said || `the program ended with ${code}`}`;
  return new FairleadError('unsupported', message, {
    hint: 'The init container needs NET_ADMIN and root. Named target ports need neither.',
  });
}
