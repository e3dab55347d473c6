import type { CallOptions, PreflightCheck } from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import type { ServiceObject } from '../objects/service-object.ts';
import { type ManagerLocation, managerCaAnnotation } from '../transport/find-manager.ts';
import { failing, fine, lookedAt } from './finding.ts';

/** A webhook configuration, as far as it is read. */
interface WebhookConfiguration extends KubernetesObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig?: { readonly caBundle?: string };
  }[];
}

/** The configurations of an installation. */
const configurationNames: readonly string[] = ['fairlead-pods', 'fairlead-intercepts'];

/** What helps where the API server has a CA that is not the manager's, which writes its own within seconds. */
export function remedyOfWrongCa(namespace: string): string {
  const others = 'If it stays so, another tool writes it as well: have that leave caBundle alone';
  return `${others}. Then kubectl -n ${namespace} rollout restart deployment.`;
}

/**
 * Whether the webhook configurations are there and name the manager's CA. Only administrators may look: for everybody else
 * it is unknown, and the check of the injector tells as much of intercepts.
 */
export async function checkWebhooks(
  connection: KubernetesConnection,
  { namespace, service: serviceName }: ManagerLocation,
  options: CallOptions,
): Promise<PreflightCheck> {
  const name = 'webhooks';
  const look = async (): Promise<PreflightCheck> => {
    const configurations = new ObjectClient<WebhookConfiguration>(
      connection,
      apiResources.mutatingWebhookConfigurations,
    );
    const services = new ObjectClient<ServiceObject>(connection, apiResources.services);
    const found = await Promise.all(configurationNames.map((one) => configurations.read({ name: one }, options)));
    const missing = configurationNames.filter((_, at) => found[at] === undefined);
    if (missing.length > 0) {
      const message = `the webhook configuration ${missing.join(' and ')} is missing, so no pod gets an agent`;
      return failing(name, message, 'Have the installation put right: fairlead upgrade, or helm upgrade.');
    }
    const ca = (await services.read({ namespace, name: serviceName }, options))?.metadata.annotations?.[
      managerCaAnnotation
    ];
    const wrong = found.filter((one) => one?.webhooks?.some(({ clientConfig }) => !isSame(clientConfig?.caBundle, ca)));
    if (ca !== undefined && wrong.length > 0) {
      const message = `the CA bundle of ${wrong.map((one) => one?.metadata.name).join(' and ')} is not the manager's`;
      return failing(name, message, remedyOfWrongCa(namespace));
    }
    return fine(name, `${configurationNames.join(' and ')} name the manager's CA`);
  };
  return await lookedAt(name, look, options);
}

function isSame(caBundle: string | undefined, ca: string | undefined): boolean {
  return (
    Buffer.from(caBundle ?? '', 'base64')
      .toString('utf8')
      .trim() === ca?.trim()
  );
}
