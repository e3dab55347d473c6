import { localRemote } from '@fairlead/local-adapter';
import { clusterTest } from '@fairlead/sdk/vitest';
import { expect, inject } from 'vitest';
import { parallelRun } from './parallel-run.ts';

const { FAIRLEAD_SOCKET: socket, FAIRLEAD_NAMESPACE: namespace } = process.env;
const { FAIRLEAD_WORKLOAD: workload = 'deployment/cart', FAIRLEAD_SERVICE: service = 'cart' } = process.env;
const { FAIRLEAD_PORT: port = 'http' } = process.env;

/** The embedded cluster behind a socket, or the one that `KUBECONFIG` names. */
const test = clusterTest({
  cluster: async () => (socket ? localRemote({ socket }) : (await import('@fairlead/k8s-adapter')).kubernetes()),
  namespace,
});

test('every request of this run is answered by this run, and every other by the app', async ({ session, mark }) => {
  const name = inject('run');

  const outcome = await parallelRun({
    name,
    session,
    mark,
    workload,
    service,
    port,
    runs: 2,
    keyed: 200,
    plain: 50,
  });

  expect(outcome.keyed).toEqual(Array(200).fill(`${name} right`));
  expect(outcome.plain).toEqual(Array(50).fill(''));
  expect(outcome.seen).toHaveLength(200);
  expect(outcome.seen.filter((path) => !path.startsWith(`/${name}/`))).toEqual([]);
  expect(outcome.copied.filter(({ request }) => !new URL(request.url).pathname.startsWith(`/${name}/`))).toEqual([]);
});
