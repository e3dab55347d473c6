import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { answersAs, answerWith, datagramProxied } from '../testing/datagram-proxied.ts';
import type { ScriptedStream } from '../testing/memory-diverter.ts';
import { exclusive, nothing, personal } from '../testing/proxied.ts';
import { UdpCaller, UdpParty } from '../testing/udp-party.ts';
import { until } from '../testing/until.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6'));

function loses(stream: ScriptedStream): void {
  stream.accept();
  stream.destroy(new Error('gone'));
}

function babbles(stream: ScriptedStream): void {
  stream.accept();
  stream.answer('\xff\xff');
}

describe('a UDP port of the agent', () => {
  it('passes datagrams to the app and answers back to whoever asked, from the port that was asked', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port);
    const callers = Array.from({ length: 5 }, () => made.caller());

    const answers = await Promise.all(
      callers.flatMap((caller, index) => [caller.ask(`${index} first`), caller.send(`${index} second`)]),
    );
    for (const [index, caller] of callers.entries()) expect(await caller.next()).toBe(`app: ${index} second`);

    expect(answers.filter(Boolean)).toEqual(callers.map((_, index) => `app: ${index} first`));
    expect(app.callers.size).toBe(5);
    expect(made.port.stats()).toMatchObject({ connections: 5, open: 5, diverted: 0, dropped: 0 });
  });

  it('carries datagrams as they are, the empty and the longest included', async () => {
    await using app = await UdpParty.start('app');
    app.respond = (text, answer) => answer(text);
    await using made = await datagramProxied(app.port);
    const caller = made.caller();
    const longest = 'x'.repeat(65_507);

    expect(await caller.ask('')).toBe('');
    expect((await caller.ask(longest)) === longest).toBe(true);

    made.diverter.holders.set('mine', (stream) => {
      stream.accept();
      answerWith(stream, (text) => text);
    });
    await made.port.apply(exclusive('mine'));
    expect(await caller.ask('')).toBe('');
    expect((await caller.ask(longest)) === longest).toBe(true);
  });

  it('diverts the next datagram of a flow that is open, and gives it back to the app just so', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port);
    const caller = made.caller();
    made.diverter.holders.set('mine', answersAs('mine'));
    const answers = [await caller.ask('1')];

    await made.port.apply(exclusive('mine'));
    answers.push(await caller.ask('2'), await caller.ask('3'));
    await made.port.apply(nothing);
    answers.push(await caller.ask('4'));

    expect(answers).toEqual(['app: 1', 'mine: 2', 'mine: 3', 'app: 4']);
    expect(made.diverter.opened).toHaveLength(1);
    expect(made.diverter.opened[0]).toMatchObject({
      intercept: 'mine',
      origin: { containerPort: app.port, protocol: 'udp', source: { address: '127.0.0.1' } },
    });
    expect(made.port.stats()).toMatchObject({ connections: 1, diverted: 1, fellBack: 0 });
  });

  it('lets answers come late that were asked for before a change', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port);
    const caller = made.caller();
    let late: ((text: string) => void) | undefined;
    app.respond = (_text, answer) => (late = answer);
    let diverted: ScriptedStream | undefined;
    made.diverter.holders.set('mine', (stream) => {
      stream.accept();
      diverted = stream;
    });

    await caller.send('to the app');
    await until(() => late !== undefined, 'the app was asked');
    await made.port.apply(exclusive('mine'));
    late?.('from the app');
    expect(await caller.next()).toBe('from the app');

    await caller.send('to the holder');
    await until(() => diverted?.text.endsWith('holder') ?? false, 'the holder was asked');
    await made.port.apply(nothing);
    await until(() => diverted?.hasEnded ?? false, 'the holder knows that nothing follows');
    diverted?.answer('\0\x04mine');
    expect(await caller.next()).toBe('mine');
  });

  it('cuts what is under way when the intercept wants that', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port);
    made.diverter.holders.set('mine', answersAs('mine'));
    await made.port.apply(exclusive('mine', 'cut'));
    expect(await made.caller().ask('1')).toBe('mine: 1');

    await made.port.apply(nothing);

    await until(() => made.diverter.open === 0, 'the stream is gone');
  });

  it.each([
    ['refuses', (stream: ScriptedStream) => stream.refuse()],
    ['is lost', loses],
    ['speaks nonsense', babbles],
  ])(
    'sends what was not answered to the app when the tunnel %s, and what follows for a moment',
    async (_how, holder) => {
      await using app = await UdpParty.start('app');
      await using made = await datagramProxied(app.port, { isManual: true });
      made.diverter.holders.set('mine', holder);
      await made.port.apply(exclusive('mine'));
      const caller = made.caller();

      expect(await caller.ask('1')).toBe('app: 1');
      made.diverter.holders.set('mine', answersAs('mine'));
      expect(await caller.ask('2')).toBe('app: 2');
      await made.clock.advance(1_000);
      expect(await caller.ask('3')).toBe('mine: 3');

      expect(made.port.stats()).toMatchObject({ fellBack: 1, dropped: 0 });
    },
  );

  it('sends to the app what nobody takes in time, and what comes while there is no tunnel', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port, { isManual: true });
    await made.port.apply(exclusive('mine'));
    const caller = made.caller();
    expect(await caller.ask('no tunnel')).toBe('app: no tunnel');

    await made.clock.advance(1_000);
    made.diverter.holders.set('mine', () => {});
    await caller.send('silence');
    await until(() => made.diverter.opened.length === 1, 'it is diverted');
    await made.clock.advance(5_000);

    expect(await caller.next()).toBe('app: silence');
  });

  it('does not send to the app what the holder has answered', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port);
    made.diverter.holders.set('mine', answersAs('mine'));
    await made.port.apply(exclusive('mine'));
    const caller = made.caller();
    expect(await caller.ask('1')).toBe('mine: 1');

    made.diverter.die();

    expect(await caller.ask('2')).toBe('app: 2');
    expect(app.received).toEqual(['2']);
  });

  it('forgets a caller that was silent for a minute, and its socket and stream with it', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port, { isManual: true });
    const caller = made.caller();
    await caller.ask('1');
    const [before] = app.callers;
    made.diverter.holders.set('mine', answersAs('mine'));
    await made.port.apply(exclusive('mine'));
    await caller.ask('2');

    await made.clock.advance(60_000);
    expect(made.port.stats().open).toBe(0);
    await made.clock.advance(5_000);
    await until(() => made.diverter.open === 0, 'the stream is gone');
    await made.port.apply(nothing);
    await caller.ask('3');

    expect([...app.callers].at(-1)).not.toBe(before);
    expect(made.port.stats()).toMatchObject({ connections: 2, open: 1 });
  });

  it('tells apart as many callers as it may, and forgets the one that was silent longest', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port, { limits: { flows: 2 } });
    const [one, two, three] = [made.caller(), made.caller(), made.caller()];

    const answers = [await one.ask('1'), await two.ask('2'), await three.ask('3'), await one.ask('4')];

    expect(answers).toEqual(['app: 1', 'app: 2', 'app: 3', 'app: 4']);
    expect(made.port.stats()).toMatchObject({ connections: 4, open: 2 });
    expect(made.logger.lines).toHaveLength(1);
  });

  it('drops the newest datagrams when a holder is too slow, and counts them', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port, { limits: { flowQueueBytes: 2_500 } });
    let slow: ScriptedStream | undefined;
    made.diverter.holders.set('mine', (stream) => {
      slow = stream;
      stream.accept();
      stream.isReading = false;
    });
    await made.port.apply(exclusive('mine'));
    const caller = made.caller();

    for (let index = 0; index < 6; index += 1) await caller.send(`${index}`.repeat(1_000));
    await until(() => made.port.stats().dropped === 4, 'four are dropped');
    if (slow) slow.isReading = true;

    await until(() => slow?.received.length === 2 * 1_002, 'the oldest arrive');
    expect(slow?.text).toContain('1'.repeat(1_000));
  });

  it('outlives an app that does not listen, and finds it when it does', async () => {
    const before = await UdpParty.start('app');
    const { port } = before;
    await before[Symbol.asyncDispose]();
    await using made = await datagramProxied(port);
    const caller = made.caller();

    for (let index = 0; index < 3; index += 1) {
      await caller.send('nobody');
      await until(() => made.port.stats().dropped === index + 1, 'it is lost');
    }
    await using _app = await UdpParty.start('app', '127.0.0.1', port);

    expect(await caller.ask('somebody')).toBe('app: somebody');
  });

  it('finds an app that listens on another of its addresses, and loses nothing', async () => {
    await using app = await UdpParty.start('app', '127.0.0.3');
    await using made = await datagramProxied(app.port, { appHosts: ['127.0.0.2', '127.0.0.3'] });

    expect(await made.caller().ask('1')).toBe('app: 1');
    expect(await made.caller().ask('2')).toBe('app: 2');
    expect(made.port.stats().dropped).toBe(0);
  });

  it.skipIf(!hasIpv6)('serves callers and apps that use IPv6', async () => {
    await using app = await UdpParty.start('app', '::1');
    await using made = await datagramProxied(app.port, { host: '::1', appHosts: ['127.0.0.1', '::1'] });
    made.diverter.holders.set('mine', answersAs('mine'));
    using caller = new UdpCaller(made.port.port, '::1');

    const before = await caller.ask('1');
    await made.port.apply(exclusive('mine'));

    expect([before, await caller.ask('2')]).toEqual(['app: 1', 'mine: 2']);
    expect(made.diverter.opened[0]?.origin.source.address).toBe('::1');
  });

  it('listens on all addresses unless told which', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port, { host: undefined });

    expect(await made.caller().ask('1')).toBe('app: 1');
  });

  it('fails with port-taken where another has the port', async () => {
    await using taken = await UdpParty.start('app');
    const { NodeTrafficProxy } = await import('../proxy/node-traffic-proxy.ts');
    await using made = await datagramProxied(taken.port);
    const proxy = new NodeTrafficProxy({ diverter: made.diverter, clock: made.clock, logger: made.logger });
    const port = {
      host: '127.0.0.1',
      agentPort: taken.port,
      appHost: '127.0.0.1',
      appPort: 1,
      protocol: 'UDP',
    } as const;

    await expect(proxy.listen(port)).rejects.toMatchObject({ code: 'port-taken' });
  });

  it('refuses to match or copy datagrams, and changes nothing then', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port);
    made.diverter.holders.set('mine', answersAs('mine'));
    await made.port.apply(exclusive('mine'));

    const tap = { intercepts: [], wiretaps: [{ id: 'tap' }] };
    for (const routes of [personal('other', 'ada'), tap]) {
      await expect(made.port.apply(routes)).rejects.toMatchObject({ code: 'unsupported' });
    }

    expect(await made.caller().ask('1')).toBe('mine: 1');
  });

  it('answers what was asked before it closes', async () => {
    await using app = await UdpParty.start('app');
    await using made = await datagramProxied(app.port);
    const caller = made.caller();
    let late: ((text: string) => void) | undefined;
    app.respond = (_text, answer) => (late = answer);
    await caller.send('1');
    await until(() => late !== undefined, 'the app was asked');

    const drained = made.port.drain(10_000);
    late?.('late');

    expect(await caller.next()).toBe('late');
    await drained;
    expect(made.port.stats().open).toBe(0);
  });
});
