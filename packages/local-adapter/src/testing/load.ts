import { Agent, get } from 'node:http';
import { until } from './until.ts';

/** How many requests are answered before and after the action, at least. */
const requestsAround = 50;

/** What became of the requests of {@link underLoad}. */
export interface LoadResult {
  readonly answered: number;
  readonly lost: readonly string[];
  /** Who answered, by answer. */
  readonly answers: ReadonlyMap<string, number>;
}

/**
 * Does something while eight clients ask without a pause: four on connections that they keep, four on a new one each
 * time. Every fourth request takes a while.
 */
export async function underLoad(url: string, action: () => Promise<void>): Promise<LoadResult> {
  const lost: string[] = [];
  const answers = new Map<string, number>();
  let answered = 0;
  let stop = false;
  const client = async (keepAlive: boolean): Promise<void> => {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    for (let turn = 0; !stop; turn++) {
      try {
        const answer = await ask(`${url}/?ms=${turn % 4 === 0 ? 15 : 1}`, agent);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        answered++;
      } catch (error) {
        lost.push(`${keepAlive ? 'kept' : 'new'} connection: ${(error as Error).message}`);
      }
    }
    agent.destroy();
  };
  const clients = Array.from({ length: 8 }, (_, index) => client(index % 2 === 0));
  const more = async (): Promise<void> => {
    const wanted = answered + requestsAround;
    await until(() => answered >= wanted, `${requestsAround} more answers; lost: ${lost.join(', ')}`);
  };
  try {
    await more();
    await action();
    await more();
  } finally {
    stop = true;
    await Promise.all(clients);
  }
  return { answered, lost, answers };
}

function ask(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
