import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askAs } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { fairlead, RunningCommand } from './command.ts';
import { Person } from './person.ts';
import { serveText } from './serve-text.ts';

const namespace = 'fairlead-e2e-command';
const asking = { 'fairlead.dev/inject-traffic-agent': 'enabled' };

let installation: Installation;
let shop: InstalledShop;
let ada: Person;
let url: string;

describe.runIf(hasCluster)('the command, as somebody who may only intercept', () => {
  beforeAll(async () => {
    installation = await Installation.shared();
    shop = await InstalledShop.open(installation.cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http', annotations: asking });
    ada = await Person.make(installation.cluster, { namespace, name: 'ada' });
    url = await shop.url('cart');
  });
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]();
    await shop?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  it('is told that nothing stands in the way; a stranger is told all that does', async () => {
    await using stranger = await Person.make(installation.cluster, {
      namespace,
      name: 'stranger',
      role: 'nobody',
      mayConnect: false,
    });

    const fine = await fairlead(ada.kubeconfig, 'status', '-o', 'json');
    const lacking = await fairlead(stranger.kubeconfig, 'status', '-o', 'json');

    expect(fine).toMatchObject({ status: 0 });
    expect(JSON.parse(fine.stdout)).toMatchObject({ cluster: 'kubernetes', namespace, problems: [], workloads: 1 });
    expect(lacking.status).toBe(4);
    const { problems } = JSON.parse(lacking.stdout) as { problems: { message: string }[] };
    expect(problems.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        `you may not create intercepts.fairlead.dev in namespace ${namespace}`,
        'you may not get services/proxy "fairlead-manager:proxied" in namespace fairlead',
      ]),
    );
  });

  it('plans what the cluster has, and says what is asked for in vain', async () => {
    const planned = await fairlead(ada.kubeconfig, 'plan', '-o', 'json');
    const unknown = await fairlead(ada.kubeconfig, 'plan', 'deployment/cartt');

    expect(planned.status).toBe(0);
    expect(JSON.parse(planned.stdout).plans).toMatchObject([
      { workload: { kind: 'Deployment', namespace, name: 'cart' }, error: null, config: { agentName: 'cart' } },
    ]);
    expect(unknown).toMatchObject({ status: 2, stderr: expect.stringContaining('workload-not-found') });
  });

  it('intercepts while a program runs, and gives the traffic back when it ends', async () => {
    await using server = await serveText('mine');
    const program = `
      const url = ${JSON.stringify(url)};
      const ask = async (run) => (await fetch(url, { headers: { 'x-run': run, connection: 'close' } })).text();
      console.log(JSON.stringify([await ask('ada'), await ask('bob')]));
    `;

    const { status, stdout } = await fairlead(
      ada.kubeconfig,
      'intercept',
      'deployment/cart',
      '--port',
      'web',
      '--header',
      'x-run=ada',
      '--to',
      `127.0.0.1:${server.port}`,
      '--',
      process.execPath,
      '--input-type=module',
      '-e',
      program,
    );

    expect(status).toBe(0);
    const [mine, other] = JSON.parse(stdout) as [string, string];
    expect(mine).toBe('mine');
    expect(other).toMatch(/^cart-/);
    expect(await askAs(url, 'ada')).toMatch(/^cart-/);
  });

  it('lists who holds what, refuses a second holder with status 5, and lets the first be ended', async () => {
    await using server = await serveText('mine');
    await using held = new RunningCommand(['intercept', 'cart', '--to', `127.0.0.1:${server.port}`], ada.kubeconfig);
    await held.untilSaid('is active');
    expect(await ask(url)).toBe('mine');
    await using bob = await Person.make(installation.cluster, { namespace, name: 'bob' });

    const second = await fairlead(bob.kubeconfig, 'intercept', 'cart', '--to', '127.0.0.1:9', '-o', 'json');
    const listed = await fairlead(bob.kubeconfig, 'list', '-o', 'json');

    expect(second.status).toBe(5);
    expect(JSON.parse(second.stdout)).toMatchObject({ error: { code: 'conflict', holder: { user: ada.user } } });
    const [{ intercepts }] = JSON.parse(listed.stdout).workloads as [
      { intercepts: { name: string; holder: string }[] },
    ];
    expect(intercepts).toMatchObject([{ phase: 'active', holder: expect.stringContaining(ada.user) }]);
    expect(await fairlead(ada.kubeconfig, 'leave', intercepts[0]?.name ?? '')).toMatchObject({ status: 0 });
    await held.ended();
    expect(await ask(url)).toMatch(/^cart-/);
  });

  it('prints a copy of the traffic that it taps', async () => {
    await using tap = new RunningCommand(['wiretap', 'cart', '--limit', '2', '-o', 'json'], ada.kubeconfig);
    await tap.untilSaid('is active');

    const answer = await ask(url);
    const { status, stdout } = await tap.ended();

    expect(status).toBe(0);
    const { pieces } = JSON.parse(stdout) as { pieces: { direction: string; text: string }[] };
    expect(pieces.map(({ direction }) => direction)).toEqual(['request', 'response']);
    expect(pieces[0]?.text).toContain('GET / HTTP/1.1');
    expect(pieces[1]?.text).toContain(answer);
  });

  it('ends in order on Ctrl-C, and when it is killed its lease frees the traffic', async () => {
    await using server = await serveText('mine');
    const args = ['intercept', 'cart', '--to', `127.0.0.1:${server.port}`];
    const stopped = new RunningCommand(args, ada.kubeconfig);
    await stopped.untilSaid('is active');
    stopped.stop();
    expect(await stopped.ended()).toMatchObject({ status: 0 });
    expect(await ask(url)).toMatch(/^cart-/);

    const killed = new RunningCommand(args, ada.kubeconfig);
    await killed.untilSaid('is active');
    expect(await ask(url)).toBe('mine');
    killed.stop('SIGKILL');
    const began = performance.now();
    await killed.ended();
    // The tunnel is gone with the process, so the app answers long before the lease has run out.
    await installation.cluster.until(async () => ((await ask(url)).startsWith('cart-') ? true : undefined), 15_000);
    const backMs = performance.now() - began;
    await installation.cluster.until(async () => {
      const { items } = await installation.cluster.objects('intercepts').list(namespace);
      return items.length === 0 ? true : undefined;
    }, 20_000);

    console.log(
      `traffic back ${backMs.toFixed(0)} ms after SIGKILL, the intercept gone after ${(performance.now() - began).toFixed(0)} ms`,
    );
  });
});
