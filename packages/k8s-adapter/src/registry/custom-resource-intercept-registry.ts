import {
  type CallOptions,
  canonicalJson,
  compareText,
  type DeleteInterceptOptions,
  FairleadError,
  type InterceptChange,
  type InterceptDraft,
  type InterceptRecord,
  type InterceptRegistry,
  type InterceptStatus,
  type Logger,
} from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import { watchResource } from '../watch/watch-resource.ts';
import { type InterceptObject, interceptObject, readIntercept, summarize } from './intercept-object.ts';

/** The webhook that the API server asks about each intercept. */
const webhookName = 'intercepts.fairlead.dev';
const refusedHint =
  'Correct what the message names; it is what the traffic-manager said, and no right would change it.';
const unreachedHint =
  'The API server does not reach the injector, without which nobody may intercept: kubectl get pods,endpoints in the namespace of the traffic-manager.';

/** Options of {@link CustomResourceInterceptRegistry}. */
export interface CustomResourceInterceptRegistryOptions {
  /** Told about interrupted watches. Default silent. */
  readonly logger?: Logger | undefined;
}

/**
 * Keeps intercepts as custom resources: RBAC on `intercepts.fairlead.dev` says who may make them, and they outlive the
 * manager. Fails with `unsupported` where the resource is not installed.
 */
export class CustomResourceInterceptRegistry implements InterceptRegistry {
  readonly #connection: KubernetesConnection;
  readonly #intercepts: ObjectClient<InterceptObject>;
  readonly #options: CustomResourceInterceptRegistryOptions;

  constructor(connection: KubernetesConnection, options: CustomResourceInterceptRegistryOptions = {}) {
    this.#connection = connection;
    this.#intercepts = new ObjectClient(connection, apiResources.intercepts);
    this.#options = options;
  }

  async create(draft: InterceptDraft, options: CallOptions = {}): Promise<InterceptRecord> {
    try {
      return readIntercept(await this.#intercepts.create(interceptObject(draft), {}, options));
    } catch (error) {
      if (apiStatusOf(error)?.reason !== 'AlreadyExists') throw explain(error);
      const present = await this.read(draft.namespace, draft.name, options);
      // Gone again between the two calls: its name is free, and whoever repeats the call gets it.
      if (!present) throw error;
      return recognise(present, draft);
    }
  }

  async read(namespace: string, name: string, options: CallOptions = {}): Promise<InterceptRecord | undefined> {
    const object = await this.#intercepts.read({ namespace, name }, options);
    return object && readIntercept(object);
  }

  async list(namespace: string, options: CallOptions = {}): Promise<readonly InterceptRecord[]> {
    const { items } = await this.#intercepts.list(namespace, options).catch((error) => {
      throw explain(error);
    });
    return items
      .map(readIntercept)
      .sort((a, b) => compareText(a.createdAt, b.createdAt) || compareText(a.name, b.name));
  }

  async updateStatus(
    { namespace, name }: Pick<InterceptRecord, 'namespace' | 'name'>,
    status: InterceptStatus,
    expected: string,
    options: CallOptions = {},
  ): Promise<InterceptRecord> {
    const object = await this.#intercepts.read({ namespace, name }, options);
    if (!object) throw new FairleadError('not-found', `there is no intercept ${name} in namespace ${namespace}`);
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== expected) {
      throw new FairleadError('stale-write', `intercept ${name} is at revision ${resourceVersion}, not ${expected}`);
    }
    const summary = summarize(readIntercept(object), status);
    return readIntercept(
      await this.#intercepts.replace({ ...object, status: { ...status, summary } }, options, 'status'),
    );
  }

  async delete(namespace: string, name: string, options: DeleteInterceptOptions = {}): Promise<void> {
    await this.#intercepts.delete({ namespace, name }, { resourceVersion: options.expected }, options);
  }

  async *watch(namespace: string, options: CallOptions = {}): AsyncGenerator<InterceptChange, void, undefined> {
    const watching = { ...options, namespace, logger: this.#options.logger };
    const changes = watchResource<InterceptObject>(this.#connection, apiResources.intercepts, watching);
    try {
      for await (const change of changes) {
        if (change.type !== 'synced') yield { type: change.type, record: readIntercept(change.object) };
      }
    } catch (error) {
      throw explain(error);
    }
  }
}

/**
 * A collection that is not found is a resource that nobody has installed; and who may create an intercept, and which, says
 * Fairlead's own webhook.
 */
function explain(error: unknown): unknown {
  const status = apiStatusOf(error);
  if (error instanceof FairleadError && status?.message.includes(`webhook "${webhookName}"`)) {
    const { code, message } = error;
    // Refused by it, or not to be reached; as far as the API server goes both are a failed call.
    const hint = /denied the request/.test(status.message) ? refusedHint : unreachedHint;
    return new FairleadError(code, message, { cause: status, hint });
  }
  if (status?.status !== 404 || status.message.startsWith('namespaces ')) return error;
  return new FairleadError('unsupported', 'this cluster has no intercepts.fairlead.dev', {
    cause: error,
    hint: 'Have Fairlead installed in the cluster: fairlead install, or its Helm chart.',
  });
}

function recognise(present: InterceptRecord, draft: InterceptDraft): InterceptRecord {
  const same = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);
  if (same(present.session, draft.session) && same(present.spec, draft.spec)) return present;
  throw new FairleadError('conflict', `there is another intercept ${draft.name} in namespace ${draft.namespace}`, {
    hint: 'Choose another name.',
    holder: {
      intercept: present.name,
      user: present.requester?.user ?? present.session.label,
      session: present.session.label,
      since: present.createdAt,
    },
  });
}
