import { describe, expect, it } from 'vitest';
import { readDockerArguments } from './docker-arguments.ts';
import { dockerRunLine, quoteLine, volumesBelow } from './docker-run-line.ts';

const read = (...args: string[]) => readDockerArguments(args, { image: undefined, network: undefined });

describe('what is written behind docker run', () => {
  it('is split into options, image and command, whatever way options are written', () => {
    const args = [
      '-it',
      '-v',
      '/a:/b',
      '-p8080:80',
      '--name=mine',
      '--env',
      'A=1',
      '--rm',
      'shop:dev',
      'node',
      '-d',
      'x',
    ];

    expect(read(...args)).toEqual({
      options: ['-it', '-v', '/a:/b', '-p8080:80', '--name=mine', '--env', 'A=1', '--rm'],
      image: 'shop:dev',
      command: ['node', '-d', 'x'],
      name: 'mine',
      network: undefined,
      publishes: true,
    });
  });

  it('may name the network, or leave that to the option', () => {
    const own = { image: undefined, network: 'shop' };

    expect(readDockerArguments(['shop:dev'], own).network).toBe('shop');
    expect(readDockerArguments(['--network', 'host', 'shop:dev'], own).network).toBe('host');
    expect(readDockerArguments(['--net=none', 'shop:dev'], own).network).toBe('none');
  });

  it('is the command alone when the image is named elsewhere', () => {
    expect(readDockerArguments(['-c', 'x'], { image: 'shop:dev', network: undefined })).toMatchObject({
      options: [],
      image: 'shop:dev',
      command: ['-c', 'x'],
    });
  });

  it.each([
    ['-d', 'shop:dev'],
    ['-itd', 'shop:dev'],
    ['--detach', 'shop:dev'],
    ['--detach=true', 'shop:dev'],
    ['-v', '/a:/b', '-d=1', 'shop:dev'],
  ])('is refused where it says %s: nobody would end the container', (...args) => {
    expect(() => read(...args)).toThrow(/in the background/);
  });

  it('may say that the container is not in the background', () => {
    expect(read('--detach=false', 'shop:dev').image).toBe('shop:dev');
    expect(read('-w', '-d', 'shop:dev')).toMatchObject({ options: ['-w', '-d'], image: 'shop:dev' });
  });

  it('is refused without an image', () => {
    expect(() => read()).toThrow(/no image/);
    expect(() => read('-v', '/a:/b')).toThrow(/no image/);
  });
});

describe('the docker run line', () => {
  const parts = {
    name: 'fairlead-cart-1',
    envFile: '/tmp/env',
    handedOn: ['CERT'],
    ports: [{ local: 3000, container: 8080 }],
    volumes: volumesBelow('/tmp/cart', ['/data', '/etc/app']),
  };

  it('brings environment, port and volumes to a container that goes when it ends', () => {
    expect(quoteLine(dockerRunLine({ ...parts, docker: read('--cpus', '1', 'shop:dev', 'node', "it's") }))).toBe(
      'docker run --rm --name fairlead-cart-1 --env-file /tmp/env --env CERT --publish 127.0.0.1:3000:8080 ' +
        "--volume /tmp/cart/data:/data --volume /tmp/cart/etc/app:/etc/app --cpus 1 shop:dev node 'it'\\''s'",
    );
  });

  it('leaves to the person what the person says', () => {
    const line = dockerRunLine({ ...parts, docker: read('--name', 'mine', '-p', '1:2', 'shop:dev') });

    expect(line.slice(0, 5)).toEqual(['docker', 'run', '--rm', '--name', 'mine']);
    expect(line).not.toContain('--publish');
  });

  it('publishes nothing on the network of this machine', () => {
    const docker = readDockerArguments(['shop:dev'], { image: undefined, network: 'host' });

    const line = dockerRunLine({ ...parts, docker });

    expect(line).not.toContain('--publish');
    expect(line.join(' ')).toContain('--network host shop:dev');
  });
});
