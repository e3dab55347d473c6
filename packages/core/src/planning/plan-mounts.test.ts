import { describe, expect, it } from 'vitest';
import type { StringMap, Volume, VolumeMount } from '../model/pod.ts';
import { planAgentConfig } from './plan-agent-config.ts';
import { aContainer, aService, aWorkload, httpPort, options } from './testing/samples.ts';

const volumes: readonly Volume[] = [
  { name: 'settings', configMap: { name: 'settings' } },
  { name: 'scratch', emptyDir: {} },
  { name: 'tls', secret: { secretName: 'tls' } },
  { name: 'all', projected: { sources: [{ configMap: { name: 'a' } }, { secret: { name: 'b' } }] } },
  { name: 'vault', csi: { driver: 'secrets-store.csi.k8s.io' } },
];
const volumeMounts: readonly VolumeMount[] = [
  { name: 'settings', mountPath: '/etc/app' },
  { name: 'scratch', mountPath: '/data/scratch/' },
  { name: 'scratch', mountPath: '/data/other', subPath: 'x' },
  { name: 'tls', mountPath: '/etc/tls' },
  { name: 'all', mountPath: '/etc/all' },
  { name: 'vault', mountPath: '/mnt/vault' },
];
const app = { ...aContainer('app', { name: 'http', containerPort: 8080 }), volumeMounts };

function plan(annotations: StringMap = {}) {
  const workload = aWorkload({ annotations, containers: [app], spec: { volumes } });
  return planAgentConfig(workload, [aService('web', [httpPort('http')])], options);
}

function mountsWith(annotations: StringMap = {}) {
  const result = plan(annotations);
  if (!result.ok) throw result.error;
  const [{ mounts, mountPolicies } = { mounts: [], mountPolicies: undefined }] = result.config.containers;
  return { mounts, mountPolicies };
}

const withheld = { '/etc/tls': 'withheld', '/etc/all': 'withheld', '/mnt/vault': 'withheld' };

describe('mounts', () => {
  it('are shared to be read, but for those with Secrets, of which nobody has spoken', () => {
    expect(mountsWith()).toEqual({
      mounts: ['/etc/app', '/data/scratch/', '/data/other'],
      mountPolicies: withheld,
    });
  });

  it.each(['fairlead.dev', 'telepresence.getambassador.io'])('row 58: follow the annotation of domain %s', (domain) => {
    const value = 'scratch = local, tls=remote-read-only,/etc/a = ignore, /mnt=Remote, /etc/app=ignore';

    expect(mountsWith({ [`${domain}/mount-policies`]: value })).toEqual({
      mounts: ['/etc/tls', '/mnt/vault'],
      mountPolicies: {
        '/etc/app': 'ignore',
        '/data/scratch/': 'local',
        '/data/other': 'local',
        '/etc/all': 'withheld',
        '/mnt/vault': 'remote',
      },
    });
  });

  it('may be named by the beginning of a path, of which the longest counts, and the volume before all', () => {
    const value = '{"/": "ignore", "/data": "Remote", "/data/other/": "RemoteReadOnly", "tls": "Remote"}';

    expect(mountsWith({ 'fairlead.dev/mount-policies': value })).toEqual({
      mounts: ['/data/scratch/', '/data/other', '/etc/tls'],
      mountPolicies: {
        '/etc/app': 'ignore',
        '/data/scratch/': 'remote',
        '/etc/tls': 'remote',
        '/etc/all': 'ignore',
        '/mnt/vault': 'ignore',
      },
    });
  });

  it('are ignored as Telepresence has it', () => {
    const annotations = { 'telepresence.getambassador.io/inject-ignore-volume-mounts': 'scratch, tls' };

    expect(mountsWith(annotations)).toEqual({
      mounts: ['/etc/app'],
      mountPolicies: { ...withheld, '/data/scratch/': 'ignore', '/data/other': 'ignore', '/etc/tls': 'ignore' },
    });
  });

  it('leave no trace in a config that needs no policy, so that its hash is what it was', () => {
    const container = { ...app, volumeMounts: volumeMounts.slice(0, 1) };
    const workload = aWorkload({ containers: [container], spec: { volumes } });
    const result = planAgentConfig(workload, [aService('web', [httpPort('http')])], options);

    expect(result.ok && Object.keys(result.config.containers[0] ?? {})).toEqual([
      'name',
      'envPrefix',
      'mountPoint',
      'mounts',
      'intercepts',
    ]);
  });
});

describe('an annotation about mounts', () => {
  it.each([
    ['scratch', '"scratch" is not volume=policy or /path=policy'],
    ['scratch=', '"scratch=" is not volume=policy or /path=policy'],
    ['scratch=writable', '"writable" is no policy: ignore, local, remote or remote-read-only'],
    ['Scratch=local', '"Scratch" is neither the name of a volume nor an absolute path'],
    ['/a/../b=local', '"/a/../b" has dots in it'],
    ['scratch=local,scratch=remote', '"scratch" is named twice'],
    ['/a=local,/a/=remote', '"/a/" is named twice'],
    ['{"scratch": "local"', 'it begins as JSON and is none'],
    ['{"scratch": true}', 'the policy of "scratch" is no text'],
  ])('is refused when it is %s', (value, why) => {
    const result = plan({ 'fairlead.dev/mount-policies': value });

    expect(result.ok ? undefined : result.error).toMatchObject({ code: 'bad-request' });
    expect(result.ok ? '' : result.error.message).toContain(why);
  });

  it('is refused when another one has a word about the same volume', () => {
    const annotations = {
      'fairlead.dev/mount-policies': 'scratch=remote',
      'fairlead.dev/inject-ignore-volume-mounts': 'scratch',
    };

    expect(plan(annotations)).toMatchObject({ ok: false, error: { code: 'bad-request' } });
  });

  it('that names what no container mounts is warned of', () => {
    const { warnings } = plan({ 'fairlead.dev/mount-policies': 'scrtch=local, /srv=ignore, /data=remote' });

    expect(warnings.map(({ code, message }) => [code, message])).toEqual([
      [
        'unmatched-annotation',
        'annotation fairlead.dev/mount-policies names scrtch, where no container mounts anything',
      ],
      ['unmatched-annotation', 'annotation fairlead.dev/mount-policies names /srv, where no container mounts anything'],
    ]);
  });
});
