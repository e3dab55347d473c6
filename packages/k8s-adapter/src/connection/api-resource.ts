/** A kind of object, as the API server addresses it. */
export interface ApiResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** As in paths and in RBAC rules: `pods`. */
  readonly plural: string;
  readonly kind: string;
  /** False: the object lives in no namespace. */
  readonly namespaced: boolean;
}

/** The group and version as objects carry it: `v1`, `apps/v1`. */
export function apiVersionOf(resource: ApiResource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The name with its group, as RBAC and kubectl write it: `pods`, `deployments.apps`. */
export function qualifiedName(resource: ApiResource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** Which object of a resource, or the whole collection when it has no name. */
export interface ObjectAddress {
  /** Left out for objects without a namespace, and to mean all namespaces. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** For example `status` or `eviction`. */
  readonly subresource?: string | undefined;
}

/** The path of an object or a collection. Every part is escaped. */
export function resourcePath(resource: ApiResource, address: ObjectAddress = {}): string {
  const root = resource.group === '' ? ['api'] : ['apis', resource.group];
  const { namespace, name, subresource } = address;
  const parts = [
    ...root,
    resource.version,
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    resource.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}
