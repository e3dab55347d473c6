import { expect } from 'vitest';
import type { FencedBlock } from '../../scripts/fenced-blocks.mjs';
import { blocksOf, placeOf } from './blocks.ts';
import type { Sandbox } from './sandbox.ts';
import { commandsIn, expectOutput, fairleadCallsIn } from './shell.ts';

/** Who does what a block shows: whoever administers the cluster, with Fairlead or with Helm, or anybody who may intercept. */
export type Doer = 'administrator' | 'helm' | 'person';

/** The blocks marked `cluster`, of all pages in order, that are for this one. Each is for exactly one. */
export function clusterBlocks(doer: Doer): readonly FencedBlock[] {
  return blocksOf('sh', 'console', 'ts').filter((block) => block.marks.cluster !== undefined && doerOf(block) === doer);
}

function doerOf(block: FencedBlock): Doer {
  if (block.language === 'ts') return 'person';
  const lines = linesOf(block);
  if (lines.some((line) => line.startsWith('helm '))) return 'helm';
  const administers = lines.some(
    (line) => line.startsWith('kubectl ') || ['install', 'upgrade', 'uninstall'].includes(callIn(line)[0] ?? ''),
  );
  return administers ? 'administrator' : 'person';
}

/** The lines of a block as somebody types them, one after another. */
export function linesOf(block: FencedBlock): readonly string[] {
  return commandsIn(block)
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line !== '');
}

/** What a line brings about; looked at while it goes on, where it does, or when it has ended. `output` is its own. */
export type Proof = (output: string) => Promise<void>;

/** Proofs by the line that they are of, or by what {@link moduleIn} calls a module. */
export type Proofs = Readonly<Record<string, Proof>>;

/** What a module is called among proofs: a page shows one. */
export function moduleIn({ page }: FencedBlock): string {
  return `the module of ${page}`;
}

/** Every line has its proof, and no proof is left of a line that pages show no more. */
export function expectProofOfEach(blocks: readonly FencedBlock[], proofs: Proofs): void {
  const shown = blocks.flatMap((block) => (block.language === 'ts' ? [moduleIn(block)] : linesOf(block)));
  expect(Object.keys(proofs).toSorted()).toEqual([...new Set(shown)].toSorted());
}

/** Runs the lines of a block, each to its end. What takes traffic goes on until Ctrl-C, which it gets after its proof. */
export async function runLines(sandbox: Sandbox, block: FencedBlock, proofs: Proofs): Promise<void> {
  const outputs: string[] = [];
  for (const line of linesOf(block)) outputs.push(await runLine(sandbox, line, placeOf(block), proofs[line]));
  if (block.language === 'console') expectOutput(block, outputs.join(''));
}

async function runLine(sandbox: Sandbox, line: string, place: string, proof?: Proof): Promise<string> {
  const [verb, ...args] = callIn(line);
  if (verb !== 'intercept' || args.includes('--dry-run')) {
    const { status, output } = await sandbox.run(line, endsWithinMs);
    expect(status, `${place}: ${line}\n${output}`).toBe(0);
    await proof?.(output);
    return output;
  }
  const hasProgram = args.includes('--');
  // Files are written, where they are wanted, before the second one is said.
  const running = await sandbox.runBehind(line, hasProgram ? 'is active' : 'Ctrl-C gives the traffic back');
  try {
    await proof?.(running.output());
  } finally {
    // Also where the proof has failed: what is held would be in the way of the next line.
    await running.interrupt();
  }
  const { status, output } = await running.interrupt();
  // That of a program is the command's own. Those that are started here leave it to the signal.
  expect(status, `${place}: ${line}\n${output}`).toBe(hasProgram ? 130 : 0);
  return output;
}

/** An upgrade or an uninstallation replaces pods. */
const endsWithinMs = 180_000;

function callIn(line: string): readonly string[] {
  return fairleadCallsIn(line)[0] ?? [];
}
