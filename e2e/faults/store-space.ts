/** The store of a cluster whose node is this machine. */
const store = process.env.ETCD_URL ?? 'http://127.0.0.1:2379';

/** Whether there is a store that can be told to be full. */
export async function hasStore(): Promise<boolean> {
  return (await status().catch(() => undefined)) !== undefined;
}

/**
 * Has the store behave, while `work` runs, as it does when its disk or its quota is full: it raises the alarm that it then
 * raises by itself, by which it reads but writes nothing.
 */
export async function whileStoreIsFull<T>(work: () => Promise<T>): Promise<T> {
  const memberID = await status();
  const alarm = (action: 'ACTIVATE' | 'DEACTIVATE'): Promise<unknown> =>
    call('maintenance/alarm', { action, memberID, alarm: 'NOSPACE' });
  await alarm('ACTIVATE');
  try {
    return await work();
  } finally {
    await alarm('DEACTIVATE');
  }
}

async function status(): Promise<string> {
  const { header } = (await call('maintenance/status', {})) as { readonly header: { readonly member_id: string } };
  return header.member_id;
}

async function call(path: string, body: object): Promise<unknown> {
  const asked = { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(5_000) };
  const answer = await fetch(`${store}/v3/${path}`, asked);
  if (!answer.ok) throw new Error(`the store answers ${path} with ${answer.status}: ${await answer.text()}`);
  return await answer.json();
}
