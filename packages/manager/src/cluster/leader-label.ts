import type { CallOptions } from '@fairlead/core';
import { installNames } from '@fairlead/install';
import type { KubernetesObject, ObjectClient } from '@fairlead/k8s-adapter';

const { roleLabel } = installNames;
const leader = 'leader';

/** The label by which the Service finds the pod that leads. */
export class LeaderLabel {
  readonly #pods: Pick<ObjectClient<KubernetesObject>, 'list' | 'patch'>;
  readonly #namespace: string;
  readonly #podName: string;

  constructor(
    pods: Pick<ObjectClient<KubernetesObject>, 'list' | 'patch'>,
    own: { readonly namespace: string; readonly podName: string },
  ) {
    this.#pods = pods;
    this.#namespace = own.namespace;
    this.#podName = own.podName;
  }

  /**
   * Puts the label on this pod, and takes it off every other: one that died or was cut off could not do so itself. Writes
   * nothing where it is so already.
   */
  async put(options: CallOptions = {}): Promise<void> {
    const labelSelector = `${roleLabel}=${leader}`;
    const { items } = await this.#pods.list(this.#namespace, { ...options, labelSelector });
    const labelled = items.map(({ metadata }) => metadata.name ?? '');
    const others = labelled.filter((name) => name !== this.#podName);
    await Promise.all(others.map((name) => this.#set(name, null, options)));
    if (!labelled.includes(this.#podName)) await this.#set(this.#podName, leader, options);
  }

  /** Takes the label off this pod. */
  async remove(options: CallOptions = {}): Promise<void> {
    await this.#set(this.#podName, null, options);
  }

  async #set(name: string, value: string | null, options: CallOptions): Promise<void> {
    const patch = { metadata: { labels: { [roleLabel]: value } } };
    await this.#pods.patch({ namespace: this.#namespace, name }, 'merge', patch, options);
  }
}
