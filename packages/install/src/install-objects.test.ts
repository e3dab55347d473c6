import { describe, expect, it } from 'vitest';
import { hookJob } from './hook-job.ts';
import { installObjects } from './install-objects.ts';
import type { InstallOptions } from './install-options.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import type { AccessRule } from './rbac.ts';

interface PodSpec {
  readonly securityContext: object;
  readonly containers: readonly { readonly securityContext: object; readonly volumeMounts?: readonly object[] }[];
}

const podSpecOf = (object: KubernetesObject): PodSpec =>
  (object.spec as { readonly template: { readonly spec: PodSpec } }).template.spec;

const only = (objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject => {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  expect(found).toHaveLength(1);
  return found[0] as KubernetesObject;
};

const rulesOf = (objects: readonly KubernetesObject[], name: string): readonly AccessRule[] =>
  objects.filter(({ metadata }) => metadata.name === name).flatMap(({ rules }) => (rules ?? []) as AccessRule[]);

const mayEditWorkloads = (options: InstallOptions): boolean =>
  rulesOf(installObjects(options), 'fairlead-manager')
    .filter(({ apiGroups }) => apiGroups.includes('apps'))
    .some(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));

describe('the objects of an installation', () => {
  it('name every wrong option at once', () => {
    const wrong = { replicas: 0, rollout: 'surge', namespaces: ['A'], colour: 'red' } as unknown as InstallOptions;

    for (const build of [() => installObjects(wrong), () => hookJob('upgrade', wrong)]) {
      expect(build).toThrow(/(?=.*replicas must)(?=.*rollout must)(?=.*namespaces\.0 is not)(?=.*colour is not known)/);
    }
  });

  it('let the traffic-manager edit workloads only where that was asked for', () => {
    expect(mayEditWorkloads({})).toBe(false);
    expect(mayEditWorkloads({ rollout: 'none' })).toBe(false);
    expect(mayEditWorkloads({ rollout: 'restart' })).toBe(true);
  });

  it('give nobody a wildcard, and nobody Secrets but the one with the certificates', () => {
    const rules = installObjects({ namespaces: ['shop'] }).flatMap(({ rules = [] }) => rules as AccessRule[]);

    expect(rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs])).not.toContain(
      '*',
    );
    for (const { resourceNames } of rules.filter(({ resources }) => resources.includes('secrets'))) {
      expect(resourceNames).toEqual(['fairlead-tls']);
    }
  });

  it('give the traffic-manager no rights on workloads outside the listed namespaces', () => {
    const objects = installObjects({ namespaces: ['shop', 'bank'] });

    const everywhere = (only(objects, 'ClusterRole', 'fairlead-manager').rules as AccessRule[]).flatMap(
      (rule) => rule.resources,
    );
    expect(everywhere.sort()).toEqual(['mutatingwebhookconfigurations', 'subjectaccessreviews', 'tokenreviews']);
    const roles = objects.filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'fairlead-manager');
    expect(new Set(roles.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['bank', 'fairlead', 'shop']));
  });

  it('give people no right that changes anything but intercepts', () => {
    const objects = installObjects();

    for (const name of ['fairlead-user', 'fairlead-view']) {
      const changing = rulesOf(objects, name).filter(({ verbs }) =>
        verbs.some((v) => !['get', 'list', 'watch'].includes(v)),
      );
      expect(changing.flatMap(({ resources }) => resources)).toEqual(name === 'fairlead-user' ? ['intercepts'] : []);
    }
  });

  it('meet the strictest pod security standard, with root filesystems that cannot be written to', () => {
    const pods = [
      podSpecOf(only(installObjects(), 'Deployment', 'fairlead-manager')),
      podSpecOf(hookJob('uninstall')),
      podSpecOf(hookJob('upgrade')),
    ];

    for (const { securityContext, containers } of pods) {
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        });
      }
    }
  });

  it('never let a missing injector stop a pod, and never let an intercept by unseen', () => {
    const objects = installObjects({ namespaces: ['shop'] });
    const policies = (name: string): unknown[] =>
      (only(objects, 'MutatingWebhookConfiguration', name).webhooks as { readonly failurePolicy: string }[]).map(
        ({ failurePolicy }) => failurePolicy,
      );

    expect(policies('fairlead-pods')).toEqual(['Ignore', 'Ignore']);
    expect(policies('fairlead-intercepts')).toEqual(['Fail']);
  });

  it('are put into a namespace of their own, unless there is one', () => {
    const kinds = (options: InstallOptions): string[] => installObjects(options).map(({ kind }) => kind);

    expect(kinds({})[0]).toBe('Namespace');
    expect(kinds({ createNamespace: false })).not.toContain('Namespace');
  });
});
