import { rmSync, writeFileSync } from 'node:fs';
import type { AgentSettings } from './agent-settings.ts';
import { HealthServer } from './health-server.ts';

/** Tells those who ask whether traffic is served: over HTTP, by a file, both or neither. */
export class Readiness implements AsyncDisposable {
  readonly #server: HealthServer | undefined;
  readonly #file: string | undefined;

  private constructor(server: HealthServer | undefined, file: string | undefined) {
    this.#server = server;
    this.#file = file;
  }

  /** Starts to answer, with no. Fails with `port-taken`. */
  static async open(
    { healthPort, readyFile }: Pick<AgentSettings, 'healthPort' | 'readyFile'>,
    host: string | undefined,
  ): Promise<Readiness> {
    const server = healthPort === undefined ? undefined : await HealthServer.listen(healthPort, host);
    const readiness = new Readiness(server, readyFile);
    readiness.isReady = false;
    return readiness;
  }

  /** The answer from now on. */
  set isReady(isReady: boolean) {
    if (this.#server) this.#server.isReady = isReady;
    if (this.#file === undefined) return;
    if (isReady) writeFileSync(this.#file, '');
    else rmSync(this.#file, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isReady = false;
    await this.#server?.[Symbol.asyncDispose]();
  }
}
