import type { CallOptions } from '@fairlead/core';
import {
  type KubernetesObject as AnyObject,
  type ApiResource,
  apiStatusOf,
  type KubernetesConnection,
  ObjectClient,
  resourcePath,
} from '@fairlead/k8s-adapter';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { commonLabels, formatLabels } from '../labels.ts';
import { installedKinds, resourceOf } from './installed-kinds.ts';

/** An object that an installation has in the cluster. */
export interface OwnedObject {
  readonly resource: ApiResource;
  readonly object: AnyObject;
}

/** Whose fields they are that `fairlead install` sets; others may set other fields of the same objects. */
const fieldManager = 'fairlead-install';

/** The objects of an installation, on an API server. */
export class InstallationObjects {
  readonly #connection: KubernetesConnection;

  constructor(connection: KubernetesConnection) {
    this.#connection = connection;
  }

  /** A client for objects like this one. */
  like<T extends AnyObject>(object: Pick<KubernetesObject, 'apiVersion' | 'kind'>): ObjectClient<T> {
    return new ObjectClient<T>(this.#connection, resourceOf(object));
  }

  /** Makes the object be so, whether it was there or not. Fields that others set stay. */
  async apply(object: KubernetesObject, options: CallOptions): Promise<void> {
    const resource = resourceOf(object);
    await this.#connection.request(
      {
        verb: 'apply',
        method: 'PATCH',
        path: resourcePath(resource, object.metadata),
        query: { fieldManager, force: 'true' },
        body: object,
        contentType: 'application/apply-patch+yaml',
        resource,
        address: object.metadata,
      },
      options,
    );
  }

  /** Deletes an object, if it is there. */
  async delete({ resource, object }: OwnedObject, options: CallOptions): Promise<void> {
    const { uid, name, namespace } = object.metadata;
    await new ObjectClient(this.#connection, resource).delete({ name, namespace }, { uid }, options);
  }

  /** Whether the object is still there, be it on its way out. */
  async has({ resource, object }: OwnedObject, options: CallOptions): Promise<boolean> {
    const { uid, name, namespace } = object.metadata;
    const found = await new ObjectClient(this.#connection, resource).read({ name, namespace }, options);
    return found !== undefined && found.metadata.uid === uid;
  }

  /** Everything in the cluster that carries the labels of an installation, in an order in which it can be deleted. */
  async owned(options: CallOptions): Promise<readonly OwnedObject[]> {
    const lists = await Promise.all(
      installedKinds.map(async (resource) => {
        const client = new ObjectClient(this.#connection, resource);
        const { items } = await client.list(undefined, { ...options, labelSelector: formatLabels(commonLabels) });
        return items.map((object) => ({ resource, object }));
      }),
    );
    return lists.flat();
  }

  /** What the API server makes of the object, which is not created. Undefined when it refuses. */
  async dryCreate<T>(object: KubernetesObject, options: CallOptions): Promise<T | undefined> {
    const resource = resourceOf(object);
    const { namespace } = object.metadata;
    try {
      return await this.#connection.request<T>(
        {
          verb: 'create',
          method: 'POST',
          path: resourcePath(resource, { namespace }),
          query: { dryRun: 'All' },
          body: object,
          resource,
          mayRepeat: false,
        },
        options,
      );
    } catch (error) {
      if (apiStatusOf(error) === undefined) throw error;
      return undefined;
    }
  }
}
