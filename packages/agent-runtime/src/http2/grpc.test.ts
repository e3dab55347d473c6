import { type ClientDuplexStream, type Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { grpcClient, metadata, shopMethods } from '../testing/grpc-party.ts';
import { grpcShop } from '../testing/shop.ts';
import { until } from '../testing/until.ts';

const same = (bytes: Buffer): Buffer => bytes;
const users = [
  ['dev', 'ada'],
  ['app', 'bob'],
] as const;

interface Outcome {
  readonly code: number;
  readonly details: string;
  readonly text: string;
  readonly trailers: Metadata;
}

type GrpcClient = ReturnType<typeof grpcClient>;

function unary(client: GrpcClient, said: string, sent: Metadata, deadline?: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const { path } = shopMethods[said === 'never' ? 'never' : 'unary'];
    const options = deadline === undefined ? {} : { deadline };
    let text = '';
    const call = client.makeUnaryRequest(path, same, same, Buffer.from(said), sent, options, (_, answer) => {
      text = String(answer);
    });
    call.on('status', resolveLater);
    function resolveLater({ code, details, metadata: trailers }: StatusObject): void {
      setImmediate(() => resolve({ code, details, text, trailers }));
    }
  });
}

function talk(client: GrpcClient, user: string): ClientDuplexStream<Buffer, Buffer> {
  return client.makeBidiStreamRequest(shopMethods.talk.path, same, same, metadata({ 'x-user': user }));
}

it.each(users)('a unary call goes to the %s, with its trailers', async (side, user) => {
  await using made = await grpcShop();
  using client = grpcClient(made.port.port);

  const outcome = await unary(client, 'hello', metadata({ 'x-user': user }));

  expect(outcome.text).toBe(`${side} hello`);
  expect(outcome.trailers.get('x-from')).toEqual([side]);
});

it.each(users)(
  'an error without an answer reaches the caller of the %s with its details (case 18)',
  async (side, user) => {
    await using made = await grpcShop();
    using client = grpcClient(made.port.port);

    const outcome = await unary(client, 'hello', metadata({ 'x-user': user, 'x-fail': 'no stock' }));

    expect(outcome).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'no stock' });
    expect(outcome.trailers.get('x-from')).toEqual([side]);
  },
);

it.each(users)('streams of many messages from and to the %s arrive whole', async (side, user) => {
  await using made = await grpcShop();
  using client = grpcClient(made.port.port);
  const sent = metadata({ 'x-user': user });

  const down = client.makeServerStreamRequest(shopMethods.download.path, same, same, Buffer.from('70000x30'), sent);
  let bytes = 0;
  const heads: string[] = [];
  for await (const message of down as AsyncIterable<Buffer>) {
    bytes += message.length;
    heads.push(message.subarray(0, 5).toString());
  }
  const up = await new Promise<string>((resolve, reject) => {
    const call = client.makeClientStreamRequest(shopMethods.upload.path, same, same, sent, (error, answer) => {
      if (error) reject(error);
      else resolve(String(answer));
    });
    for (let at = 0; at < 30; at += 1) call.write(Buffer.alloc(70_000));
    call.end();
  });

  expect(bytes).toBe(2_100_000);
  expect(heads).toEqual(Array.from({ length: 30 }, (_, at) => `${side} ${at}`.padEnd(5).slice(0, 5)));
  expect(up).toBe(`${side} 2100000`);
});

it.each(users)('a deadline that passes and a call that is given up are heard of at the %s', async (side, user) => {
  await using made = await grpcShop();
  using client = grpcClient(made.port.port);
  const party = made[side];

  const late = await unary(client, 'never', metadata({ 'x-user': user }), Date.now() + 200);
  const call = client.makeUnaryRequest(
    shopMethods.never.path,
    same,
    same,
    Buffer.from(''),
    metadata({ 'x-user': user }),
    () => {},
  );
  await until(() => party.begun === 2, 'the call has begun');
  call.cancel();

  expect(late.code).toBe(status.DEADLINE_EXCEEDED);
  await until(() => party.cancelled === 2, 'both calls were cancelled');
});

it('talks 1,000 streams on one connection, half of them diverted, some given up: nothing is lost or crossed', async () => {
  await using made = await grpcShop();
  using client = grpcClient(made.port.port);
  const wrong: string[] = [];
  const finished: Record<string, number> = { app: 0, dev: 0 };
  let cancelled = 0;

  const one = async (number: number): Promise<void> => {
    const side = number % 2 === 0 ? 'dev' : 'app';
    const call = talk(client, number % 2 === 0 ? 'ada' : 'bob');
    const isGivenUp = number % 10 === 3 || number % 10 === 6;
    const lines = Array.from(
      { length: 4 },
      (_, at) => `${number}-${at} ${'x'.repeat((number * 37 + at * 911) % 3000)}`,
    );
    const heard: string[] = [];
    const code = await new Promise<number>((resolve) => {
      call.on('data', (message: Buffer) => {
        heard.push(String(message));
        if (isGivenUp && heard.length === 2) call.cancel();
        else if (heard.length < lines.length) call.write(Buffer.from(lines[heard.length] as string));
        else call.end();
      });
      call.on('error', () => {});
      call.on('status', (ended) => resolve(ended.code));
      call.write(Buffer.from(lines[0] as string));
    });
    const expected = lines.slice(0, heard.length).map((line) => `${side} ${line}`);
    if (heard.join() !== expected.join()) wrong.push(`${number}: crossed`);
    if (isGivenUp ? code !== status.CANCELLED : code !== status.OK || heard.length !== 4)
      wrong.push(`${number}: ${code}`);
    if (isGivenUp) cancelled += 1;
    else finished[side] = (finished[side] ?? 0) + 1;
  };
  const numbers = Array.from({ length: 1000 }, (_, number) => number);
  const worker = async (): Promise<void> => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) await one(number);
  };
  await Promise.all(Array.from({ length: 100 }, worker));

  expect(wrong).toEqual([]);
  expect(finished).toEqual({ app: 400, dev: 400 });
  expect(cancelled).toBe(200);
  expect([made.app.begun, made.dev.begun]).toEqual([500, 500]);
  expect(made.port.stats()).toMatchObject({ connections: 1, diverted: 500, fellBack: 0 });
}, 60_000);
