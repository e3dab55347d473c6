import type { CallOptions } from '@fairlead/core';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { type ApiResource, apiVersionOf, type ObjectAddress, resourcePath } from './api-resource.ts';
import { apiStatusOf } from './api-status-error.ts';
import type { ApiRequest, KubernetesConnection } from './kubernetes-connection.ts';

/** Which objects of a collection are meant. */
export interface Selection extends CallOptions {
  /** As kubectl takes it: `app=cart,tier!=db`. */
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** A page of a collection. */
export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

/** How an object is changed in place. */
export type PatchType = 'merge' | 'json';

const pageSize = '500';
/** A collection that changes faster than it can be read page by page is read in one piece at last. */
const maxRestarts = 2;

/** The objects of one resource. */
export class ObjectClient<T extends KubernetesObject> {
  readonly resource: ApiResource;
  readonly #connection: KubernetesConnection;

  constructor(connection: KubernetesConnection, resource: ApiResource) {
    this.#connection = connection;
    this.resource = resource;
  }

  /** The object, or undefined when there is none. */
  async read(address: ObjectAddress, options?: CallOptions): Promise<T | undefined> {
    try {
      return await this.#call<T>('get', 'GET', address, {}, options);
    } catch (error) {
      if (apiStatusOf(error)?.status === 404) return undefined;
      throw error;
    }
  }

  /** Every object of a namespace, or of all namespaces when it is undefined, page by page. */
  async list(namespace: string | undefined, selection: Selection = {}): Promise<ObjectList<T>> {
    for (let restarts = 0; ; restarts++) {
      try {
        return await this.#listPages(namespace, selection, restarts < maxRestarts ? pageSize : undefined);
      } catch (error) {
        // The pages after the first are of a past that the server has forgotten by now.
        if (apiStatusOf(error)?.status !== 410 || restarts === maxRestarts) throw error;
      }
    }
  }

  /** Creates the object; with a subresource in the address, what that subresource takes. */
  async create(object: KubernetesObject, address: ObjectAddress = {}, options?: CallOptions): Promise<T> {
    const { namespace = object.metadata.namespace } = address;
    return await this.#call<T>('create', 'POST', { ...address, namespace }, { body: this.#typed(object) }, options);
  }

  /** Replaces the object if its `resourceVersion` is still the given one, else fails with `stale-write`. */
  async replace(object: T, options?: CallOptions, subresource?: string): Promise<T> {
    const { namespace, name } = object.metadata;
    return await this.#call<T>(
      'update',
      'PUT',
      { namespace, name, subresource },
      { body: this.#typed(object) },
      options,
    );
  }

  /** Changes parts of an object: a JSON merge patch, or a JSON patch. */
  async patch(address: ObjectAddress, type: PatchType, patch: unknown, options?: CallOptions): Promise<T> {
    const contentType = type === 'merge' ? 'application/merge-patch+json' : 'application/json-patch+json';
    return await this.#call<T>('patch', 'PATCH', address, { body: patch, contentType }, options);
  }

  /**
   * Deletes the object if it still has this uid and revision, as far as they are given; else fails with `stale-write`.
   * False: it was not there.
   */
  async delete(
    address: ObjectAddress,
    preconditions: { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined } = {},
    options?: CallOptions,
  ): Promise<boolean> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy: 'Background' };
    try {
      await this.#call('delete', 'DELETE', address, { body }, options);
      return true;
    } catch (error) {
      if (apiStatusOf(error)?.status === 404) return false;
      throw error;
    }
  }

  async #listPages(
    namespace: string | undefined,
    selection: Selection,
    limit: string | undefined,
  ): Promise<ObjectList<T>> {
    const items: T[] = [];
    let token: string | undefined;
    for (;;) {
      const { labelSelector, fieldSelector, signal } = selection;
      const query = { limit, continue: token, labelSelector, fieldSelector };
      const page = await this.#call<RawList<T>>('list', 'GET', { namespace }, { query }, signal && { signal });
      items.push(...(page.items ?? []));
      token = page.metadata?.continue || undefined;
      if (token === undefined) return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
    }
  }

  #typed(object: KubernetesObject): KubernetesObject {
    return { apiVersion: apiVersionOf(this.resource), kind: this.resource.kind, ...object };
  }

  async #call<R>(
    verb: string,
    method: ApiRequest['method'],
    address: ObjectAddress,
    rest: Pick<ApiRequest, 'body' | 'query' | 'contentType'>,
    options?: CallOptions,
  ): Promise<R> {
    const { resource } = this;
    const path = resourcePath(resource, address);
    return await this.#connection.request<R>({ verb, method, path, resource, address, ...rest }, options);
  }
}

interface RawList<T> {
  readonly items?: readonly T[] | null;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}
