import type { CallOptions, Credential, Identity, IdentityProvider, Permission, WorkloadKey } from '@fairlead/core';
import { qualifiedName } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';

/** Options of {@link KubernetesIdentityProvider}. */
export interface KubernetesIdentityProviderOptions {
  /** The audience that tokens must be made for. Default `fairlead`. */
  readonly audience?: string | undefined;
}

/** The pod that a token is bound to. */
export interface BoundPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The service account that the pod runs as. */
  readonly serviceAccount: string;
}

/** The audience of the tokens that traffic-agents show, where nothing else is said. */
export const defaultTokenAudience = 'fairlead';

/** Longer ones are no tokens. */
const maxTokenLength = 16_384;

/**
 * Lets the API server say who shows a token (TokenReview) and what they may do (SubjectAccessReview). Tokens of another
 * audience, like those that every pod has for the API server, prove nothing here. Needs the right to create both reviews.
 */
export class KubernetesIdentityProvider implements IdentityProvider {
  readonly #tokenReviews: ObjectClient<TokenReview>;
  readonly #accessReviews: ObjectClient<AccessReview>;
  readonly #audience: string;

  constructor(connection: KubernetesConnection, options: KubernetesIdentityProviderOptions = {}) {
    this.#tokenReviews = new ObjectClient(connection, apiResources.tokenReviews);
    this.#accessReviews = new ObjectClient(connection, apiResources.subjectAccessReviews);
    this.#audience = options.audience ?? defaultTokenAudience;
  }

  async identify(credential: Credential, options: CallOptions = {}): Promise<Identity | undefined> {
    const user = await this.#review(credential, options);
    return user && { user: user.username, groups: user.groups ?? [] };
  }

  /** The pod that this token was made for; undefined when the token proves nothing, or is bound to no pod. */
  async identifyPod(token: string, options: CallOptions = {}): Promise<BoundPod | undefined> {
    const user = await this.#review({ type: 'bearer', token }, options);
    const [, namespace, serviceAccount] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user?.username ?? '') ?? [];
    const name = user?.extra?.['authentication.kubernetes.io/pod-name']?.[0];
    const uid = user?.extra?.['authentication.kubernetes.io/pod-uid']?.[0];
    return namespace && serviceAccount && name && uid ? { namespace, name, uid, serviceAccount } : undefined;
  }

  async mayIntercept(identity: Identity, workload: WorkloadKey, options: CallOptions = {}): Promise<Permission> {
    const { group, plural } = apiResources.intercepts;
    const { namespace } = workload;
    const review = await this.#accessReviews.create(
      {
        metadata: {},
        spec: {
          user: identity.user,
          groups: identity.groups,
          resourceAttributes: { namespace, verb: 'create', group, resource: plural },
        },
      } as KubernetesObject,
      {},
      options,
    );
    if (review.status?.allowed === true) return { allowed: true };
    return { allowed: false, missing: `create ${qualifiedName(apiResources.intercepts)} in namespace ${namespace}` };
  }

  async #review({ type, token }: Credential, options: CallOptions): Promise<UserInfo | undefined> {
    options.signal?.throwIfAborted();
    if (type !== 'bearer' || token === '' || token.length > maxTokenLength) return undefined;
    const spec = { token, audiences: [this.#audience] };
    const { status } = await this.#tokenReviews.create({ metadata: {}, spec } as KubernetesObject, {}, options);
    // A server whose authenticator knows no audiences answers without any: such a token says nothing about us.
    const isForUs = status?.authenticated === true && status.audiences?.includes(this.#audience);
    return isForUs && status?.user?.username ? status.user : undefined;
  }
}

interface UserInfo {
  readonly username: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

interface TokenReview extends KubernetesObject {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly audiences?: readonly string[];
    readonly user?: UserInfo;
  };
}

interface AccessReview extends KubernetesObject {
  readonly status?: { readonly allowed?: boolean; readonly reason?: string };
}
