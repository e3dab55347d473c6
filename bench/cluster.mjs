/**
 * `npm run bench:cluster`: how long things take on the cluster of `KUBECONFIG`, beside what kubectl takes in the same run.
 * Options: `--json` (one document), `--only ID` (rows whose id begins so), `--rounds N` (default 7), `--image NAME`,
 * `--app-image NAME` (default: both are made and loaded by `scripts/kube-image` and its tool). Needs the right to install Fairlead; takes everything away at the end.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { install, uninstall } from '@fairlead/install';
import { apiResources, connectKubernetes, kubernetes, managerCaAnnotation, ObjectClient } from '@fairlead/k8s-adapter';
import { connect } from '@fairlead/sdk';
import { rowsBesidePortForward } from './cluster/beside-port-forward.mjs';
import { Shelf } from './cluster/shelf.mjs';
import { compare } from './measure.mjs';
import { asDocument, asTable } from './report.mjs';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '7' },
    image: { type: 'string' },
    'app-image': { type: 'string' },
  },
});
if (!process.env.KUBECONFIG) {
  console.error('the benchmark of a cluster needs KUBECONFIG');
  process.exit(3);
}

/** The most that an activation may take when the agent is there: the median, in milliseconds. */
const warmLimitMs = 150;
const rounds = Number(values.rounds);
const namespace = 'fairlead-bench';
const wanted = (id) => id.startsWith(values.only);
const kubectl = (...args) =>
  execFileSync('kubectl', ['-n', namespace, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
const inMs = async (action) => {
  const began = performance.now();
  await action();
  return performance.now() - began;
};

/** Makes and loads the image of Fairlead. */
const kubeImage = new URL('../scripts/kube-image', import.meta.url).pathname;

/** Makes the images of Fairlead and of an app, unless they are given. */
function images() {
  const image = values.image ?? 'fairlead-bench:1';
  if (!values.image) execFileSync(kubeImage, [image], { stdio: 'ignore' });
  const app = values['app-image'] ?? 'fairlead-bench-app:1';
  if (!values['app-image']) {
    const tool = process.env.KUBE_IMAGE_TOOL ?? '../shared/kube/image';
    const folder = new URL('./cluster', import.meta.url).pathname;
    const program = [process.execPath, 'party.mjs', 'serve', '8080'];
    execFileSync(tool, [app, '-b', process.execPath, '-c', `${folder}:/app`, '-w', '/app', '--', ...program], {
      stdio: 'ignore',
    });
  }
  return { image, app };
}

/** Where the traffic-manager is for whoever is in the cluster's network, and how it is known. */
async function managerAddress() {
  const namespace = 'fairlead';
  const name = 'fairlead-manager';
  const { metadata, spec } = await new ObjectClient(connection, apiResources.services).read({ namespace, name });
  const { port } = spec.ports.find((one) => one.name === 'tunnel');
  return {
    host: spec.clusterIP,
    port,
    ca: metadata.annotations[managerCaAnnotation],
    servername: `${name}.${namespace}.svc`,
  };
}

const { image, app } = images();
const connection = await connectKubernetes();
const shelf = new Shelf(connection, namespace, app);
try {
  await shelf.clear();
  await install(connection, { image });
  await shelf.open();
  const annotations = { 'fairlead.dev/inject-traffic-agent': 'enabled' };
  await shelf.deploy('warm', { annotations });
  await shelf.deploy('aside', { annotations });
  const session = await connect(kubernetes({ namespace }));
  const warm = () =>
    compare({
      id: 'activation.warm-ms',
      peer: 'kubectl get pods',
      target: warmLimitMs,
      unit: 'ms',
      rounds,
      ours: async () => {
        let intercept;
        const took = await inMs(async () => {
          intercept = await session.intercept({ workload: 'deployment/warm', to: 9 });
        });
        await intercept.leave();
        return took;
      },
      theirs: () => inMs(async () => kubectl('get', 'pods')),
    });
  const cold = () =>
    compare({
      id: 'injection.cold',
      peer: 'kubectl rollout restart, rollout status',
      target: null,
      unit: 'ms',
      rounds: Math.min(rounds, 3),
      ours: async () => {
        await shelf.deploy('cold', {});
        const took = await inMs(async () => {
          const intercept = await session.intercept({ workload: 'deployment/cold', to: 9 });
          await intercept.leave();
        });
        await shelf.remove('cold');
        return took;
      },
      theirs: async () => {
        await shelf.deploy('plain', {});
        const took = await inMs(async () => {
          kubectl('rollout', 'restart', 'deployment/plain');
          kubectl('rollout', 'status', 'deployment/plain');
        });
        await shelf.remove('plain');
        return took;
      },
    });
  const rows = [];
  if (wanted('activation.warm-ms')) {
    const row = await warm();
    // What counts for a person is the time itself; the ratio says what it is beside a command that everybody knows.
    rows.push({ ...row, met: row.ours <= warmLimitMs });
  }
  if (wanted('injection.cold')) rows.push(await cold());
  rows.push(
    ...(await rowsBesidePortForward({
      session,
      namespace,
      workload: 'warm',
      url: await shelf.url('warm'),
      manager: await managerAddress(),
      rounds: Math.min(rounds, 5),
      wanted,
    })),
  );
  await session.close();
  console.log(values.json ? asDocument(rows) : asTable(rows));
} finally {
  await uninstall(connection).catch((error) => console.error(error.message));
  await shelf.clear();
  await connection[Symbol.asyncDispose]();
}
