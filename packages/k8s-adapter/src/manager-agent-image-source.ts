import { type AgentImageSource, type CallOptions, FairleadError } from '@fairlead/core';
import { apiResources } from './connection/api-resources.ts';
import type { KubernetesConnection } from './connection/kubernetes-connection.ts';
import { ObjectClient } from './connection/object-client.ts';
import type { ManagerLocation } from './transport/find-manager.ts';

/** The annotation on the manager's Service that says which image it gives its agents. */
export const agentImageAnnotation = 'fairlead.dev/agent-image';

/** Prefers what the manager prefers, so that a plan made by a client is the plan that will be followed. */
export class ManagerAgentImageSource implements AgentImageSource {
  readonly #connection: KubernetesConnection;
  readonly #manager: ManagerLocation;

  constructor(connection: KubernetesConnection, manager: ManagerLocation) {
    this.#connection = connection;
    this.#manager = manager;
  }

  async preferred(options: CallOptions = {}): Promise<string> {
    const { namespace, service: name } = this.#manager;
    const service = await new ObjectClient(this.#connection, apiResources.services).read({ namespace, name }, options);
    const image = service?.metadata.annotations?.[agentImageAnnotation];
    if (image) return image;
    const message = `Service ${name} in namespace ${namespace} does not tell the agent image`;
    throw new FairleadError('agent-image-unavailable', message, {
      hint: 'Name the image with the option agentImage, or have Fairlead installed in the cluster.',
    });
  }
}
