import { expect, it } from 'vitest';
import { RawClient } from '../testing/raw-client.ts';
import { HealthServer } from './health-server.ts';

async function ask(health: HealthServer, path: string): Promise<number> {
  return (await fetch(`http://127.0.0.1:${health.port}${path}`)).status;
}

it('answers as the kubelet expects it', async () => {
  await using health = await HealthServer.listen(0, '127.0.0.1');
  expect([await ask(health, '/healthz'), await ask(health, '/ready'), await ask(health, '/x')]).toEqual([
    200, 503, 404,
  ]);

  health.isReady = true;

  expect([await ask(health, '/ready'), await ask(health, '/readyz?verbose')]).toEqual([200, 200]);
});

it('answers a question that comes in pieces, and hangs up on one without end', async () => {
  await using health = await HealthServer.listen(0, '127.0.0.1');
  using patient = await RawClient.connect(health.port);
  using endless = await RawClient.connect(health.port);

  await patient.drip('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  endless.send('x'.repeat(10_000));

  expect((await patient.answer()).status).toBe(200);
  expect(await endless.ended()).not.toBe('open');
});

it('fails with port-taken where another listens', async () => {
  await using health = await HealthServer.listen(0, '127.0.0.1');

  await expect(HealthServer.listen(health.port, '127.0.0.1')).rejects.toMatchObject({ code: 'port-taken' });
});
