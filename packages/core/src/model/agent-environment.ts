/** Before the names of everything in a traffic-agent's environment that is not its own business. */
export const agentEnvPrefix = '_TEL_AGENT_';

/** Before the names of the environment copied from the app's containers; the container's own prefix follows. */
export const appEnvPrefix = '_TEL_APP_';

/**
 * Before the names of a second copy of what whole Secrets bring, so that the traffic-agent can tell it from what
 * ConfigMaps bring; the container's own prefix follows.
 */
export const secretEnvPrefix = '_TEL_SECRET_';

/** The variable with {@link VariableOrigins} by the container's prefix, as JSON. */
export const variableOriginsName = '_TEL_AGENT_VARIABLE_ORIGINS';

/** What the manifest says of where a container's variables come from. Sources of whole Secrets are not in it. */
export interface VariableOrigins {
  /** Variables that are the key of a Secret. */
  readonly secrets: readonly string[];
  /** Variables that are made of others, and of which, however indirectly. */
  readonly composed: Readonly<Record<string, readonly string[]>>;
}
