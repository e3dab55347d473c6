import { request } from 'node:http';

/** What clients saw. */
export interface Load {
  readonly answered: number;
  readonly failures: readonly string[];
  /** The names of the pods that answered. */
  readonly servers: ReadonlySet<string>;
  /** Stops the clients and resolves when their last requests are answered. */
  stop(): Promise<void>;
}

/** Clients that ask without a pause, each request on a connection of its own, until they are stopped. */
export function startLoad(url: string, clients = 8): Load {
  const failures: string[] = [];
  const servers = new Set<string>();
  let answered = 0;
  let isStopped = false;
  const client = async (): Promise<void> => {
    while (!isStopped) {
      try {
        servers.add(await ask(url));
        answered++;
      } catch (error) {
        failures.push(`${String(error)} at ${new Date().toISOString()}`);
      }
    }
  };
  const running = Array.from({ length: clients }, client);
  return {
    get answered() {
      return answered;
    },
    failures,
    servers,
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
  };
}

/** One request on a connection of its own. */
export function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`status ${response.statusCode}`)),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 5 s')));
    sent.on('error', reject);
    sent.end();
  });
}

/** One request with the header `x-run`, on a connection of its own. */
export async function askAs(url: string, run: string): Promise<string> {
  const headers = { 'x-run': run, connection: 'close' };
  return await (await fetch(url, { headers, signal: AbortSignal.timeout(10_000) })).text();
}
