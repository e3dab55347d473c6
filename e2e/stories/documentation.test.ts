import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findMountTools } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { placeOf } from '../docs/blocks.ts';
import { clusterBlocks, expectProofOfEach, moduleIn, type Proofs, runLines } from '../docs/cluster-lines.ts';
import { importBlock } from '../docs/run-typescript.ts';
import { Sandbox } from '../docs/sandbox.ts';
import { ask } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { deployDocumentedShop, leadToStock } from './documented-shop.ts';
import { Person } from './person.ts';
import { serveText } from './serve-text.ts';

/** The pages' examples are about this namespace. */
const namespace = 'shop';
const blocks = clusterBlocks('person');
const canMount = await findMountTools().then(
  () => true,
  () => false,
);

/** The reader's program, which listens on `PORT`: tells what it has in its environment, or in a file of the pod. */
const server = (answer: string): string => `
  const { readFileSync } = require('node:fs');
  require('node:http').createServer((_, response) => response.end(${answer})).listen(process.env.PORT, '127.0.0.1');
`;

let installation: Installation;
let shop: InstalledShop;
let ada: Person;
let sandbox: Sandbox;
let url: string;

describe.runIf(hasCluster)('what the docs show to people, on a real cluster', () => {
  beforeAll(async () => {
    installation = await Installation.shared();
    shop = await InstalledShop.open(installation.cluster, namespace);
    await deployDocumentedShop(shop);
    url = await shop.url('cart');
    ada = await Person.make(installation.cluster, { namespace, name: 'ada' });
    sandbox = new Sandbox('quick-start', { KUBECONFIG: ada.kubeconfig, FAKE_DOCKER_NOTES: 'docker-notes' });
    const fakeDocker = fileURLToPath(new URL('../embedded/fake-docker.mjs', import.meta.url));
    sandbox.provide('docker', `#!/bin/sh\nexec '${process.execPath}' '${fakeDocker}' "$@"\n`);
    sandbox.provide('npm', '#!/bin/sh\n[ "$*" = start ] && exec node start.js\n');
    writeFileSync(join(sandbox.folder, 'server.js'), server('JSON.stringify(process.env)'));
    const settings = "readFileSync(process.env.FAIRLEAD_ROOT + '/etc/app/app.yaml')";
    writeFileSync(join(sandbox.folder, 'start.js'), server(settings));
  });
  afterAll(async () => {
    await sandbox?.[Symbol.asyncDispose]();
    await ada?.[Symbol.asyncDispose]();
    await shop?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  it('is known, line by line, with what it brings about', () => {
    expectProofOfEach(blocks, proofs);
  });

  it.for(blocks.map((block) => [placeOf(block), block] as const))('%s', async ([, block], { skip }) => {
    if (block.text.includes('--mount ') && !canMount) return skip('this machine cannot mount');

    await using _stock = block.text.includes(' stock') ? await leadToStock(shop) : undefined;
    if (block.language === 'ts') await runModule(block);
    else await runLines(sandbox, block, proofs);

    // The app has its traffic back.
    expect(await ask(url)).toMatch(/^cart-/);
  });
});

/** Runs a block as the person, with its proof at the end, while what the block has taken is still held. */
async function runModule(block: (typeof blocks)[number]): Promise<void> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const printed = (): string => log.mock.calls.map((args) => `${args.join(' ')}\n`).join('');
  const meanwhile = vi.fn(async () => await proofs[moduleIn(block)]?.(printed()));
  vi.stubGlobal('meanwhile', meanwhile);
  vi.stubEnv('KUBECONFIG', ada.kubeconfig);
  try {
    await importBlock(sandbox, block, 'await meanwhile();\n');
    expect(meanwhile).toHaveBeenCalledOnce();
  } finally {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
    log.mockRestore();
  }
}

const intercept = 'fairlead intercept deployment/cart --port http:3000';

/** What each line brings about; for a module, what is true at its end. */
const proofs: Proofs = {
  [`${intercept} -- node server.js`]: async () => {
    const seen = JSON.parse(await answerThatStarts('{'));

    expect(seen).toMatchObject({ PORT: '3000', COLOUR: 'blue', HOME: sandbox.folder });
  },
  [`${intercept} --env-save cart.env`]: async () => {
    await reachesLocally(3000);
    expect(readFileSync(inFolder('cart.env'), 'utf8')).toMatch(/^COLOUR=blue$/m);
    expect(statSync(inFolder('cart.env')).mode & 0o777).toBe(0o600);
  },
  [`${intercept} --env-save cart.sh --env-syntax sh`]: async () => {
    await reachesLocally(3000);
    const { output } = await sandbox.run('. ./cart.sh; echo "$COLOUR: $TEXT"');
    expect(output).toBe('blue: "second" $HOME\n');
  },
  [`${intercept} --env-json cart.json --env-container stock`]: async () => {
    await reachesLocally(3000);
    const variables = JSON.parse(readFileSync(inFolder('cart.json'), 'utf8'));
    expect(variables).toMatchObject({ COLOUR: 'green', FAIRLEAD_CONTAINER: 'stock' });
  },
  [`${intercept} --docker-run -- -v "$PWD:/src" shop-dev:latest node /src/server.js`]: async () => {
    const volume = ['-v', `${sandbox.folder}:/src`];
    await runsInContainer(...volume, 'shop-dev:latest', 'node', '/src/server.js');
  },
  [`${intercept} --docker-image shop-dev:latest -- node server.js`]: async () =>
    await runsInContainer('shop-dev:latest', 'node', 'server.js'),
  [`${intercept} --docker-image shop-dev:latest --dry-run`]: async (output) => {
    expect(output).toMatch(/docker run .* --publish 127\.0\.0\.1:3000:8080 shop-dev:latest$/m);
  },
  'fairlead intercept deployment/cart --port http:8080 --mount ./cart -- npm start': async () => {
    expect(await answerThatStarts('who: ')).toBe('who: cart\n');
  },
  'the module of docs/guides/files.md': async (output) => {
    const [entry, ...chunks] = output.trim().split('\n');
    const lengths = chunks.map((line) => line.split(' ').map(Number));
    expect(entry).toBe('file 200000 model.bin');
    expect(lengths.map(([settings]) => settings)).toEqual(lengths.map(() => 'who: cart\n'.length));
    expect(lengths.reduce((sum, [, chunk = 0]) => sum + chunk, 0)).toBe(200_000);
  },
  'npx fairlead intercept deployment/cart -n shop --header x-user=ada --to 127.0.0.1:3000': async () => {
    await using _mine = await serveText('mine', 3000);
    const answer = await fetch(url, { headers: { 'x-user': 'ada', connection: 'close' } });
    expect(await answer.text()).toBe('mine');
    expect(await ask(url)).toMatch(/^cart-/);
  },
  'the module of docs/guides/udp.md': async () => {
    const answers = await answersOf(new URL(await shop.url('names')).hostname, 'twelve bytes');
    const [, source = ''] = /^hello (.*)$/.exec(answers[1] ?? '') ?? [];
    expect(answers[0]).toBe('\u0001');
    expect(isIP(source), answers[1]).not.toBe(0);
  },
  'fairlead status -n shop': async (output) => {
    expect(output).toContain('ready: nothing stands in the way of an intercept here');
  },
};

const inFolder = (name: string): string => join(sandbox.folder, name);

/** The Service's traffic comes to a local port. */
async function reachesLocally(port: number): Promise<void> {
  await using _mine = await serveText('mine', port);
  expect(await ask(url)).toBe('mine');
}

/** What the Service answers once the program that was started answers. */
async function answerThatStarts(text: string): Promise<string> {
  return await installation.cluster.until(async () => {
    const answer = await ask(url);
    return answer.startsWith(text) ? answer : undefined;
  });
}

/** The Service is answered by a container that was started with these arguments at the end, and has the environment. */
async function runsInContainer(...last: readonly string[]): Promise<void> {
  const seen = JSON.parse(await answerThatStarts('{'));
  const notes = readFileSync(inFolder('docker-notes'), 'utf8').trim().split('\n');
  const { args } = JSON.parse(notes.at(-1) ?? '') as { readonly args: readonly string[] };
  expect(seen).toMatchObject({ COLOUR: 'blue', TEXT: '"second" $HOME' });
  expect(args).toEqual(expect.arrayContaining(['run', '--rm', '--publish', '127.0.0.1:3000:8080']));
  expect(args.slice(-last.length)).toEqual(last);
}

/** The two answers to a datagram. Asks again, each time as somebody new, as nothing says that one arrives. */
async function answersOf(host: string, question: string): Promise<readonly string[]> {
  return await installation.cluster.until(async () => {
    const socket = createSocket('udp4');
    const answers: string[] = [];
    socket.on('message', (answer) => answers.push(String(answer)));
    socket.bind();
    await once(socket, 'listening');
    socket.send(question, 53, host);
    for (let waitedMs = 0; answers.length < 2 && waitedMs < 1_000; waitedMs += 10) await pause(10);
    socket.close();
    return answers.length === 2 ? answers : undefined;
  });
}
