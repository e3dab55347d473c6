/** The variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

const host = '_SERVICE_HOST';

/** What Kubernetes tells every container about the Services of its namespace, out of all variables of a process. */
export function serviceVariables(environment: Variables): Readonly<Record<string, string>> {
  const names = Object.keys(environment);
  const services = new Set(names.filter((name) => name.endsWith(host)).map((name) => name.slice(0, -host.length)));
  const found = names.flatMap((name) => {
    const [, service = ''] =
      /^([A-Z0-9][A-Z0-9_]*?)(?:_SERVICE_(?:HOST|PORT(?:_.+)?)|_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_.+)?)?)$/.exec(name) ??
      [];
    const value = environment[name];
    return services.has(service) && value !== undefined ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found);
}
