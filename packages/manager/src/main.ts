import { FairleadError } from '@fairlead/core';

/** What the image can be started as. Each is loaded only when it is wanted: memory is dear in a sidecar. */
const programs: Readonly<Record<string, (args: readonly string[]) => Promise<unknown>>> = {
  agent: () => import('@fairlead/agent-runtime/main'),
  'agent-init': async (args) => (await import('./agent-init/run-agent-init.ts')).runAgentInit(args),
  hook: async (args) => (await import('./hook/run-hook.ts')).runHook(args),
  manager: async () => {
    (await import('./engine-flags.ts')).setEngineFlags();
    await (await import('./run-manager.ts')).runManager();
  },
};

/** Runs the program that the first argument names, with the others. */
async function main([name = '', ...args]: readonly string[]): Promise<void> {
  const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
  if (!program) {
    const said = `there is no program "${name}", there are ${Object.keys(programs).join(', ')}`;
    throw new FairleadError('bad-request', said, { phase: 'input' });
  }
  await program(args);
}

try {
  await main(process.argv.slice(2));
} catch (thrown) {
  const { code, message, hint } = FairleadError.from(thrown);
  process.stdout.write(
    `${JSON.stringify({ time: new Date().toISOString(), level: 'error', msg: message, code, hint })}\n`,
  );
  process.exitCode = 1;
}
