import { describe, expect, it } from 'vitest';
import type { WorkloadKey } from '../model/workload.ts';
import type { Diagnostics } from '../ports/diagnostics.ts';

/** Diagnostics to be proven. */
export interface DiagnosticsUnderTest extends AsyncDisposable {
  readonly diagnostics: Diagnostics;
  /** A workload whose pods have an agent, which has logged this line. */
  readonly workload: WorkloadKey;
  readonly line: string;
}

/** How diagnostics are made. */
export interface DiagnosticsSetup {
  /** Fresh ones, of a cluster with an agent; disposing takes down whatever was put up for them. */
  create(): Promise<DiagnosticsUnderTest>;
}

/** The promises that all {@link Diagnostics} keep. */
export function describeDiagnostics(name: string, setup: DiagnosticsSetup): void {
  const limits = { maxBytes: 64 * 1024 };

  describe(`${name} is Diagnostics`, () => {
    it('names each source by a path of its own that is safe to unpack', async () => {
      await using made = await setup.create();

      const sources = await made.diagnostics.sources({ namespace: made.workload.namespace });

      const paths = sources.map(({ path }) => path);
      expect(new Set(paths).size).toBe(paths.length);
      for (const path of paths) expect(path).toMatch(/^(?:[a-z0-9][a-z0-9._-]*\/)*[a-z0-9][a-z0-9._-]*$/);
    });

    it('shows the log of an agent, of the chosen workloads only', async () => {
      await using made = await setup.create();
      const { namespace } = made.workload;
      const logsOf = async (workloads?: readonly WorkloadKey[]): Promise<string> => {
        const sources = await made.diagnostics.sources({ namespace, workloads });
        const logs = sources.filter(({ path }) => path.startsWith('agents/') && path.endsWith('.log'));
        return (await Promise.all(logs.map((log) => log.read(limits)))).join('\n');
      };

      expect(await logsOf()).toContain(made.line);
      expect(await logsOf([made.workload])).toContain(made.line);
      expect(await logsOf([])).toBe('');
    });

    it('rejects with the reason of a signal that has aborted', async () => {
      await using made = await setup.create();
      const reason = new Error('not now');
      const { namespace } = made.workload;

      const asked = made.diagnostics.sources({ namespace }, { signal: AbortSignal.abort(reason) });

      await expect(asked).rejects.toBe(reason);
    });
  });
}
