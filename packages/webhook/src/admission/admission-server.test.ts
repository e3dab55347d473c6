import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Identity, ManualClock, MemoryLogger } from '@fairlead/core';
import { describe, expect, it, vi } from 'vitest';
import { applyPatch } from '../apply-patch.ts';
import { aNewPod, aPodRequest, aReview, podOf } from '../testing/admission-fixtures.ts';
import { type AdmissionLab, anAdmissionLab, operatorToken, systemClock } from '../testing/admission-lab.ts';
import { anInterceptRequest } from '../testing/intercept-fixtures.ts';
import { listenAdmission } from './admission-server.ts';

const enabled = { 'fairlead.dev/inject-traffic-agent': 'enabled' };
const enabledPod = aPodRequest(aNewPod(enabled));
const asOperator = { headers: { authorization: `Bearer ${operatorToken}` } };

/** A promise and what settles it. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

/** Waits until the expectation is met. */
function eventually(expectation: () => void): Promise<void> {
  return vi.waitFor(expectation, { timeout: 10_000, interval: 5 });
}

/** Everything that the server sends before it closes. */
async function exchange(lab: AdmissionLab, ...writes: readonly string[]): Promise<string> {
  const socket = lab.connect();
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  for (const text of writes) socket.write(text);
  await once(socket, 'close');
  return received;
}

describe('the admission server', { timeout: 30_000 }, () => {
  it('answers a review of a pod with a patch that adds the agent', async () => {
    await using lab = await anAdmissionLab();

    const reply = await lab.post('/pods?timeout=5s', aReview(enabledPod));

    expect(reply.status).toBe(200);
    const { apiVersion, kind, response } = JSON.parse(reply.body);
    expect({ apiVersion, kind }).toEqual({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' });
    expect(response).toMatchObject({ uid: 'request-1', allowed: true, patchType: 'JSONPatch' });
    const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString());
    expect(applyPatch(podOf(enabledPod), patch).spec.containers.map(({ name }) => name)).toEqual([
      'app',
      'traffic-agent',
    ]);
    expect(lab.logger.lines.at(-1)).toMatchObject({
      level: 'info',
      fields: {
        kind: 'pods',
        namespace: 'shop',
        name: 'cart-5d8c7-',
        outcome: 'injected',
        workload: 'deployment/cart',
      },
    });
    expect(lab.metrics.value('fairlead_admissions_total', { kind: 'pods', outcome: 'injected' })).toBe(1);
    expect(lab.metrics.durations('fairlead_admission_seconds', { kind: 'pods' })).toHaveLength(1);
  });

  it('allows what it fails at, with a warning of one line', async () => {
    const failing = { services: () => Promise.reject(new Error(`first\nsecond ${'x'.repeat(500)}`)) };
    await using lab = await anAdmissionLab();
    Object.assign(lab.world, failing);

    const { status, body } = await lab.post('/pods', aReview(enabledPod));

    expect(status).toBe(200);
    const { response } = JSON.parse(body);
    expect(response).toMatchObject({ uid: 'request-1', allowed: true });
    expect(response).not.toHaveProperty('patch');
    expect(response.warnings).toEqual([
      expect.stringMatching(/^fairlead: the pod gets no traffic-agent: first second x+…$/),
    ]);
    expect(response.warnings[0]).toHaveLength(256);
    expect(lab.logger.lines.at(-1)).toMatchObject({ level: 'warn', fields: { outcome: 'failed-open' } });
  });

  it('answers a review of an intercept with its requester', async () => {
    await using lab = await anAdmissionLab();

    const { body } = await lab.post('/intercepts', aReview(anInterceptRequest()));

    const { response } = JSON.parse(body);
    expect(response).toMatchObject({ uid: 'request-1', allowed: true, patchType: 'JSONPatch' });
    expect(JSON.parse(Buffer.from(response.patch, 'base64').toString())).toMatchObject([
      { op: 'add', path: '/spec/requester', value: { user: 'ada' } },
    ]);
  });

  it('refuses a bad intercept in the form that kubectl shows', async () => {
    await using lab = await anAdmissionLab();

    const { status, body } = await lab.post('/intercepts', aReview(anInterceptRequest({ metadata: {}, spec: {} })));

    expect(status).toBe(200);
    expect(JSON.parse(body).response).toEqual({
      uid: 'request-1',
      allowed: false,
      status: { status: 'Failure', code: 422, message: expect.stringContaining('spec.mode is missing') },
    });
  });

  it('gives up before the API server does', async () => {
    const clock = new ManualClock();
    await using lab = await anAdmissionLab();
    let isAsked = false;
    const ownerWorkload = (): Promise<never> => {
      isAsked = true;
      return new Promise(() => {});
    };
    Object.assign(lab.world, { clock, ownerWorkload });
    const review = lab.post('/pods?timeout=1s', aReview(enabledPod));
    await eventually(() => expect(isAsked).toBe(true));

    await clock.advance(800);

    const { response } = JSON.parse((await review).body);
    expect(response).toMatchObject({ allowed: true, warnings: [expect.stringContaining('no answer for 0.8 s')] });
  });

  it('answers many reviews over one connection', async () => {
    await using lab = await anAdmissionLab();
    const agent = lab.agent();

    for (let round = 0; round < 20; round++) await lab.post('/pods', aReview(enabledPod), { agent });

    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
  });
});

describe('a request that is not as it should be', { timeout: 30_000 }, () => {
  it.each([
    ['nothing', ''],
    ['no JSON', '{"apiVersion":'],
    ['bytes', Buffer.from([0xff, 0xfe, 0x00])],
    ['null', 'null'],
    ['a list', '[]'],
    ['no review', '{}'],
    ['an old review', JSON.stringify({ ...aReview(enabledPod), apiVersion: 'admission.k8s.io/v1beta1' })],
    ['a review without request', JSON.stringify({ ...aReview(enabledPod), request: undefined })],
    ['a review without uid', JSON.stringify(aReview({ ...enabledPod, uid: '' }))],
    ['a review of a text', JSON.stringify(aReview({ ...enabledPod, object: 'pod' as never }))],
  ])('is answered with 400 when it is %s', async (_what, body) => {
    await using lab = await anAdmissionLab();

    for (const path of ['/pods', '/intercepts']) {
      expect(await lab.send(path, { body })).toMatchObject({ status: 400, body: expect.stringMatching(/review/i) });
    }
  });

  it.each([
    ['/pods', 'GET', 'POST'],
    ['/intercepts', 'PUT', 'POST'],
    ['/uninstall', 'DELETE', 'POST'],
    ['/upgrade', 'GET', 'POST'],
    ['/healthz', 'POST', 'GET, HEAD'],
    ['/readyz', 'POST', 'GET, HEAD'],
  ])('is answered with 405 for %s by %s', async (path, method, allow) => {
    await using lab = await anAdmissionLab();

    expect(await lab.send(path, { method, ...asOperator })).toMatchObject({ status: 405, headers: { allow } });
  });

  it('is answered with 404 elsewhere, and 415 when it is no JSON by name', async () => {
    await using lab = await anAdmissionLab();

    expect(await lab.send('/')).toMatchObject({ status: 404 });
    expect(await lab.send('//pods')).toMatchObject({ status: 404 });
    const headers = { 'content-type': 'text/plain' };
    expect(await lab.send('/pods', { headers, body: JSON.stringify(aReview(enabledPod)) })).toMatchObject({
      status: 415,
    });
  });

  it('is answered with 413 when it is too large, told or not, and the connection goes on', async () => {
    await using lab = await anAdmissionLab({}, { bodyBytes: 10_000 });
    const agent = lab.agent();
    const body = ' '.repeat(200_000);

    const told = await lab.send('/pods', { body, agent });
    const chunked = await lab.send('/pods', { body, agent, headers: { 'transfer-encoding': 'chunked' } });
    const good = await lab.post('/pods', aReview(enabledPod), { agent });

    expect([told.status, chunked.status, good.status]).toEqual([413, 413, 200]);
  });

  it('is answered with 503 when too much is held already', async () => {
    const held = gate();
    await using lab = await anAdmissionLab({}, { heldBytes: 20_000 });
    lab.world.services = async () => {
      await held.passed;
      return [];
    };
    const body = `${JSON.stringify(aReview(enabledPod))}${' '.repeat(15_000)}`;
    const first = lab.send('/pods', { body });
    await eventually(() => expect(lab.server.heldBytes).toBeGreaterThan(15_000));

    const second = await lab.send('/pods', { body });
    held.open();

    expect(second.status).toBe(503);
    expect((await first).status).toBe(200);
    expect(lab.server.heldBytes).toBe(0);
    expect((await lab.send('/pods', { body })).status).toBe(200);
  });

  it('is cut when it does not end, in head or body', async () => {
    await using lab = await anAdmissionLab({}, { receiveTimeoutMs: 300 });
    const head = 'POST /pods HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

    const [inHead, inBody] = await Promise.all([
      exchange(lab, head),
      exchange(lab, `${head}content-length: 100\r\n\r\n{"apiVersion":`),
    ]);

    expect(inHead).toContain('408');
    expect(inBody).toContain('408');
    expect(lab.server.heldBytes).toBe(0);
  });

  it('leaves nothing behind when its sender goes away in the middle', async () => {
    await using lab = await anAdmissionLab();
    const socket = lab.connect();
    await once(socket, 'secureConnect');
    socket.write(
      'POST /pods HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":',
    );
    await eventually(() => expect(lab.server.heldBytes).toBe(5));

    socket.destroy();

    await eventually(() => expect(lab.server.heldBytes).toBe(0));
    expect((await lab.post('/pods', aReview(enabledPod))).status).toBe(200);
  });

  it('is answered with 400 when it is no HTTP', async () => {
    await using lab = await anAdmissionLab();

    expect(await exchange(lab, '\u0000\u0001\u0002 nonsense\r\n\r\n')).toContain('400 Bad Request');
  });
});

describe('health', { timeout: 30_000 }, () => {
  it('is good as soon as it listens, and readiness as its owner says', async () => {
    let reason: string | undefined = 'caches are not filled';
    await using lab = await anAdmissionLab({ notReady: () => reason });
    const get = { method: 'GET' };

    expect(await lab.send('/healthz', get)).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await lab.send('/readyz', get)).toMatchObject({ status: 503, body: 'caches are not filled\n' });
    reason = undefined;
    expect(await lab.send('/readyz', get)).toMatchObject({ status: 200 });
    expect(await lab.send('/healthz', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });
});

describe('hooks', { timeout: 30_000 }, () => {
  it.each(['uninstall', 'upgrade'] as const)(
    '/%s is run for an operator and answered when it has ended',
    async (name) => {
      const asked: Identity[] = [];
      const hook = async ({ by }: { readonly by: Identity }): Promise<void> => void asked.push(by);
      await using lab = await anAdmissionLab({ hooks: { uninstall: hook, upgrade: hook } });

      const reply = await lab.send(`/${name}`, asOperator);

      expect(reply).toMatchObject({ status: 200, body: JSON.stringify({ hook: name, done: true }) });
      expect(asked).toEqual([{ user: 'operator', groups: [] }]);
    },
  );

  it.each([
    ['no token', {}],
    ['an empty one', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: `Basic ${operatorToken}` }],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['two words', { authorization: `Bearer ${operatorToken} ${operatorToken}` }],
  ])('are refused and logged for %s', async (_what, headers) => {
    let calls = 0;
    const hook = async (): Promise<void> => void calls++;
    await using lab = await anAdmissionLab({ hooks: { uninstall: hook, upgrade: hook } });

    for (const path of ['/uninstall', '/upgrade']) {
      const reply = await lab.send(path, { headers: headers as Record<string, string> });
      expect(reply).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    }

    expect(calls).toBe(0);
    expect(lab.logger.lines).toEqual([
      {
        level: 'warn',
        fields: { hook: 'uninstall', from: '127.0.0.1' },
        message: 'hook was called without the right to',
      },
      {
        level: 'warn',
        fields: { hook: 'upgrade', from: '127.0.0.1' },
        message: 'hook was called without the right to',
      },
    ]);
    expect(JSON.stringify(lab.logger.lines)).not.toContain(operatorToken);
  });

  it('are refused when nobody can tell who calls, or not in time', async () => {
    const silent = { identifyOperator: () => new Promise<never>(() => {}) };
    const broken = { identifyOperator: () => Promise.reject(new Error('no API server')) };

    for (const parts of [silent, broken]) {
      await using lab = await anAdmissionLab(parts, { identifyTimeoutMs: 50 });

      expect(await lab.send('/uninstall', asOperator)).toMatchObject({ status: 503 });
    }
  });

  it('do not let anybody ask who they are as often as they like', async () => {
    const held = gate();
    const identifyOperator = async (): Promise<undefined> => {
      await held.passed;
    };
    await using lab = await anAdmissionLab({ identifyOperator });
    const statuses: number[] = [];
    const many = Array.from({ length: 12 }, async () => {
      statuses.push((await lab.send('/uninstall', asOperator)).status);
    });

    await eventually(() => expect(statuses).toEqual([429, 429, 429, 429]));
    held.open();
    await Promise.all(many);

    expect(statuses.slice(4)).toEqual(Array(8).fill(401));
  });

  it('run once, however often they are asked for, and one after the other', async () => {
    const held = gate();
    let runs = 0;
    const uninstall = async (): Promise<void> => {
      runs += 1;
      await held.passed;
    };
    await using lab = await anAdmissionLab({ hooks: { uninstall, upgrade: async () => {} } });
    const socket = lab.connect();
    await once(socket, 'secureConnect');
    socket.write(`POST /uninstall HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${operatorToken}\r\n\r\n`);
    await eventually(() => expect(runs).toBe(1));
    socket.destroy();

    const again = lab.send('/uninstall', asOperator);
    const other = await lab.send('/upgrade', asOperator);
    held.open();

    expect(other.status).toBe(409);
    expect(JSON.parse(other.body)).toMatchObject({ done: false, error: { code: 'conflict' } });
    expect((await again).status).toBe(200);
    expect(runs).toBe(1);
    expect((await lab.send('/upgrade', asOperator)).status).toBe(200);
  });

  it('tell why they failed, and can be called again', async () => {
    let isBroken = true;
    const uninstall = async (): Promise<void> => {
      if (isBroken) throw new Error('pods do not go');
    };
    await using lab = await anAdmissionLab({ hooks: { uninstall, upgrade: async () => {} } });

    const failed = await lab.send('/uninstall', asOperator);
    isBroken = false;

    expect(failed.status).toBe(500);
    expect(JSON.parse(failed.body)).toMatchObject({ done: false, error: { message: 'pods do not go' } });
    expect((await lab.send('/uninstall', asOperator)).status).toBe(200);
  });

  it('have a time limit', async () => {
    const uninstall = ({ signal }: { readonly signal?: AbortSignal }): Promise<void> =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    await using lab = await anAdmissionLab({ hooks: { uninstall, upgrade: async () => {} } }, { hookTimeoutMs: 50 });

    const reply = await lab.send('/uninstall', asOperator);

    expect(reply.status).toBe(500);
    expect(JSON.parse(reply.body).error.code).toBe('timeout');
  });
});

describe('closing', { timeout: 30_000 }, () => {
  it('lets what is being answered end, and takes nothing new', async () => {
    const held = gate();
    await using lab = await anAdmissionLab();
    let asked = 0;
    lab.world.services = async () => {
      asked += 1;
      await held.passed;
      return lab.world.serviceList;
    };
    const agent = lab.agent();
    const idle = lab.agent();
    await lab.send('/healthz', { method: 'GET', agent: idle });
    const running = lab.post('/pods', aReview(enabledPod), { agent });
    await eventually(() => expect(asked).toBe(1));

    const closed = lab.server.close({ drainMs: 10_000 });
    await expect(lab.send('/healthz', { method: 'GET' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    held.open();

    const reply = await running;
    expect(reply).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect(JSON.parse(reply.body).response.patch).toBeDefined();
    await closed;
  });

  it('cuts what does not end in time, also connections that have said nothing', async () => {
    const uninstall = ({ signal }: { readonly signal?: AbortSignal }): Promise<void> =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    await using lab = await anAdmissionLab({ hooks: { uninstall, upgrade: async () => {} } });
    const running = lab.send('/uninstall', asOperator);
    const silent = lab.connect();
    await once(silent, 'secureConnect');
    await eventually(() => expect(lab.logger.lines.map(({ message }) => message)).toContain('hook begins'));
    const cut = expect(running).rejects.toThrow();

    await lab.server.close({ drainMs: 20 });
    await lab.server.close();

    await cut;
    await once(silent, 'close');
    await eventually(() => expect(lab.logger.lines.at(-1)).toMatchObject({ fields: { code: 'closed' } }));
  });

  it('is told by readiness on connections that are still open', async () => {
    const held = gate();
    await using lab = await anAdmissionLab({
      notReady: () => undefined,
      identifyOperator: async () => {
        await held.passed;
        return undefined;
      },
    });
    const socket = lab.connect();
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    await once(socket, 'secureConnect');
    socket.write(
      'POST /uninstall HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n\r\nGET /readyz HTTP/1.1\r\nhost: x\r\n\r\n',
    );
    const closed = lab.server.close({ drainMs: 10_000 });
    held.open();
    await closed;

    expect(received).not.toContain('200 OK');
  });
});

describe('listening', { timeout: 30_000 }, () => {
  it('fails clearly on a port that is taken, and for an address that there is not', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { readonly port: number };

    await expect(anAdmissionLab({}, { port })).rejects.toMatchObject({ code: 'port-taken' });
    await expect(anAdmissionLab({}, { host: '203.0.113.1' })).rejects.toMatchObject({ code: 'bad-request' });

    other.close();
  });

  it('does not begin when it is not wanted any more', async () => {
    await using lab = await anAdmissionLab();
    const reason = new Error('enough');
    const parts = {
      tls: lab.tls,
      pods: lab.world,
      intercepts: { managerUser: 'm' },
      hooks: { uninstall: async () => {}, upgrade: async () => {} },
      identifyOperator: async () => undefined,
      clock: systemClock,
      logger: new MemoryLogger(),
    };

    await expect(listenAdmission(parts, { port: 0, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
