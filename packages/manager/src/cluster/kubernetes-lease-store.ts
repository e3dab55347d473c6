import { type CallOptions, FairleadError } from '@fairlead/core';
import type { KubernetesObject, ObjectClient } from '@fairlead/k8s-adapter';
import type { LeaseRecord, LeaseStore, StoredLease } from '../leadership/lease-store.ts';

/** A Lease on the wire. */
export interface LeaseObject extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number | null;
  } | null;
}

/** Keeps the lease in a Lease object, as Kubernetes' own components do. The object comes with the installation. */
export class KubernetesLeaseStore implements LeaseStore {
  readonly #leases: Pick<ObjectClient<LeaseObject>, 'read' | 'replace'>;
  readonly #at: { readonly namespace: string; readonly name: string };
  #last: LeaseObject | undefined;

  constructor(
    leases: Pick<ObjectClient<LeaseObject>, 'read' | 'replace'>,
    at: { readonly namespace: string; readonly name: string },
  ) {
    this.#leases = leases;
    this.#at = at;
  }

  async read(options: CallOptions = {}): Promise<StoredLease> {
    const object = await this.#leases.read(this.#at, options);
    const { namespace, name } = this.#at;
    if (!object) throw new FairleadError('not-found', `there is no Lease ${name} in namespace ${namespace}`);
    return this.#stored(object);
  }

  async write(record: LeaseRecord, expected: string, options: CallOptions = {}): Promise<StoredLease> {
    const spec = {
      holderIdentity: record.holder,
      leaseDurationSeconds: record.durationSeconds,
      acquireTime: microTime(record.acquiredAt),
      renewTime: microTime(record.renewedAt),
      leaseTransitions: record.transitions,
    };
    const metadata = { ...this.#last?.metadata, ...this.#at, resourceVersion: expected };
    return this.#stored(await this.#leases.replace({ metadata, spec }, options));
  }

  #stored(object: LeaseObject): StoredLease {
    this.#last = object;
    return { record: readRecord(object), revision: object.metadata.resourceVersion ?? '' };
  }
}

function readRecord({ spec }: LeaseObject): LeaseRecord | undefined {
  if (!spec?.renewTime) return undefined;
  return {
    holder: spec.holderIdentity ?? '',
    durationSeconds: spec.leaseDurationSeconds ?? 0,
    acquiredAt: spec.acquireTime ?? spec.renewTime,
    renewedAt: spec.renewTime,
    transitions: spec.leaseTransitions ?? 0,
  };
}

/** Kubernetes wants microseconds here. */
function microTime(iso: string): string {
  return iso.replace(/\.(\d{3})Z$/, '.$1000Z');
}
