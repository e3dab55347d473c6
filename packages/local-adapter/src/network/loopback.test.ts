import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { claimLoopback, type Loopback, type LoopbackMode } from './loopback.ts';

async function claimed(mode: LoopbackMode): Promise<Loopback> {
  const loopback = await claimLoopback(mode);
  onTestFinished(() => loopback[Symbol.asyncDispose]());
  return loopback;
}

it('gives two clusters different addresses', async () => {
  const one = await claimed('addresses');
  const two = await claimed('addresses');

  const ones = Array.from({ length: 300 }, () => one.takeAddress());
  const twos = Array.from({ length: 300 }, () => two.takeAddress());

  expect(new Set([...ones, ...twos]).size).toBe(600);
  expect(ones.every((address) => /^127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+$/.test(address))).toBe(true);
});

it('uses an address again only after all others', async () => {
  const loopback = await claimed('addresses');
  const first = loopback.takeAddress();
  loopback.giveAddress(first);

  const rest = new Set(Array.from({ length: 2 ** 14 - 4 }, () => loopback.takeAddress()));

  expect(rest.has(first)).toBe(false);
  expect(loopback.takeAddress()).toBe(first);
  expect(() => loopback.takeAddress()).toThrow('more than');
});

it('keeps a port as it is where it can be bound', async () => {
  const loopback = await claimed('addresses');

  expect(await loopback.takePort(loopback.takeAddress(), 8080, false)).toBe(8080);
});

it('tells pods apart by ports where only 127.0.0.1 can be bound', async () => {
  const loopback = await claimed('ports');
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port: busy } = other.address() as { port: number };

  const taken = await loopback.takePort('127.0.0.1', busy, true);
  const service = await loopback.takePort('127.0.0.1', 80, false);

  expect(loopback.takeAddress()).toBe('127.0.0.1');
  expect(taken).not.toBe(busy);
  expect(service).toBeGreaterThanOrEqual(20_000);
  expect(service).not.toBe(taken);
  await new Promise((resolve) => other.close(resolve));
});

it('prefers the same port in mode ports as long as nobody has it', async () => {
  const loopback = await claimed('ports');
  const free = await loopback.takePort('127.0.0.1', 0, false);
  loopback.givePort('127.0.0.1', free);

  expect(await loopback.takePort('127.0.0.1', free, true)).toBe(free);
  expect(await loopback.takePort('127.0.0.1', free, true)).not.toBe(free);
});

it('moves ports that need privileges where there are none, each to one of its own', async () => {
  const loopback = await claimLoopback('addresses', async () => false);
  onTestFinished(() => loopback[Symbol.asyncDispose]());
  const address = loopback.takeAddress();

  const moved = await loopback.takePort(address, 80, false);

  expect(moved).toBe(20_080);
  expect(await loopback.takePort(address, 80, false)).toBe(20_081);
  expect(await loopback.takePort(loopback.takeAddress(), 80, false)).toBe(20_080);
  expect(await loopback.takePort(address, 8080, false)).toBe(8080);
});
