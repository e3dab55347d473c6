import type { AgentContainer } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { volumesOf } from './volumes-of.ts';

const home = '/var/run/secrets/app';
const container: AgentContainer = {
  name: 'app',
  envPrefix: 'A_',
  mountPoint: '/tel_app_mounts/app',
  mounts: ['/data/', '/etc/app', home],
  mountPolicies: { '/data/': 'remote', '/tmp': 'local', '/etc/tls': 'withheld', '/gone': 'ignore' },
  intercepts: [],
};

describe('the volumes of a container', () => {
  it('are below its mount point, where no link is followed', () => {
    const [data, config] = volumesOf(container, undefined, () => false);

    expect(data).toEqual({
      mountPath: '/data',
      access: 'read-write',
      place: { base: '/tel_app_mounts/app', below: ['data'] },
    });
    expect(config).toMatchObject({ access: 'read-only', place: { below: ['etc', 'app'] } });
  });

  it('below the directory of secrets are at home, unless another container has something else there', () => {
    const found = (isThere: boolean) => volumesOf(container, undefined, () => isThere)[2]?.place;

    expect(found(false)).toEqual({ base: home, below: [] });
    expect(found(true)).toEqual({ base: '/tel_app_mounts/app', below: ['var', 'run', 'secrets', 'app'] });
  });

  it('that stay in the pod have no place, and ignored ones are not there', () => {
    const kept = volumesOf(container, undefined, () => false).slice(3);

    expect(kept).toEqual([
      { mountPath: '/tmp', access: 'local' },
      { mountPath: '/etc/tls', access: 'withheld' },
    ]);
  });

  it('are where the cluster says, when it cannot mount', () => {
    const directories = { '/tel_app_mounts/app/data': '/tmp/one', [home]: '/tmp/two' };
    const places = volumesOf(container, directories, (path) => path === '/tmp/one').map(({ place }) => place?.base);

    expect(places).toEqual(['/tmp/one', '/tel_app_mounts/app/etc/app', '/tmp/two', undefined, undefined]);
  });
});
