import { describe, expect, it } from 'vitest';
import { describeAgentImageSource } from '../conformance/agent-image-source.ts';
import type { AgentImageSource } from '../ports/agent-image-source.ts';
import { CachedAgentImageSource } from './cached-agent-image-source.ts';
import { StaticAgentImageSource } from './static-agent-image-source.ts';

const image = 'registry.example/agent:1';

describeAgentImageSource('StaticAgentImageSource', {
  create: async () => ({
    source: new StaticAgentImageSource(image),
    image,
    fail: async () => {},
    async [Symbol.asyncDispose]() {},
  }),
  exempt: { failure: 'it asks nobody, so nothing can fail' },
});

describeAgentImageSource('CachedAgentImageSource', {
  create: async () => {
    const endpoint = new Endpoint();
    return {
      source: new CachedAgentImageSource(endpoint),
      image,
      fail: async () => {
        endpoint.broken = true;
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});

describe('CachedAgentImageSource', () => {
  it('asks once, also for many at the same time', async () => {
    const endpoint = new Endpoint();
    const source = new CachedAgentImageSource(endpoint);

    await Promise.all([source.preferred(), source.preferred()]);
    await source.preferred();

    expect(endpoint.asked).toBe(1);
  });

  it('asks again after a failure', async () => {
    const endpoint = new Endpoint();
    const source = new CachedAgentImageSource(endpoint);
    endpoint.broken = true;
    await expect(source.preferred()).rejects.toMatchObject({ code: 'agent-image-unavailable' });

    endpoint.broken = false;

    expect(await source.preferred()).toBe(image);
    expect(endpoint.asked).toBe(2);
  });

  it('falls back when the source fails, and does not keep that answer', async () => {
    const endpoint = new Endpoint();
    const source = new CachedAgentImageSource(endpoint, { fallback: 'registry.example/agent:own' });
    endpoint.broken = true;
    expect(await source.preferred()).toBe('registry.example/agent:own');

    endpoint.broken = false;

    expect(await source.preferred()).toBe(image);
  });

  it('asks again when it is told to forget', async () => {
    const endpoint = new Endpoint();
    const source = new CachedAgentImageSource(endpoint);
    await source.preferred();

    source.invalidate();
    await source.preferred();

    expect(endpoint.asked).toBe(2);
  });

  it('lets one caller give up without taking the answer from the others', async () => {
    const endpoint = new Endpoint();
    const source = new CachedAgentImageSource(endpoint);
    const stop = new AbortController();
    const reason = new Error('enough');

    const impatient = source.preferred({ signal: stop.signal });
    const patient = source.preferred();
    stop.abort(reason);

    await expect(impatient).rejects.toBe(reason);
    expect(await patient).toBe(image);
  });
});

class Endpoint implements AgentImageSource {
  asked = 0;
  broken = false;

  async preferred(): Promise<string> {
    this.asked++;
    await Promise.resolve();
    if (this.broken) throw new Error('the endpoint does not answer');
    return image;
  }
}
