import { type CallOptions, FairleadError, type PreflightCheck, wireVersion } from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { ServiceObject } from '../objects/service-object.ts';
import { findManager, type ManagerLocation, managerWireAnnotation } from '../transport/find-manager.ts';
import { failing, fine, lookedAt, unknown } from './finding.ts';

/** Whether a replica of the manager leads and is ready; if none does, why. */
export async function checkManager(
  connection: KubernetesConnection,
  manager: ManagerLocation,
  options: CallOptions,
): Promise<PreflightCheck> {
  try {
    const { pod } = await findManager(connection, manager, options);
    return fine('manager', `pod ${pod} in namespace ${manager.namespace} leads and is ready`);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof FairleadError)) throw error;
    // Without the rights to look, nothing more is said: the missing rights are named already.
    if (error.code === 'forbidden') return unknown('manager', error.message, error.hint);
    return failing('manager', error.message, error.hint);
  }
}

/** Whether client and manager speak the same protocol, as far as the manager says what it speaks. */
export async function checkVersions(
  connection: KubernetesConnection,
  { namespace, service: name }: ManagerLocation,
  options: CallOptions,
): Promise<PreflightCheck> {
  return await lookedAt(
    'version',
    async () => {
      const services = new ObjectClient<ServiceObject>(connection, apiResources.services);
      const service = await services.read({ namespace, name }, options);
      const wire = service?.metadata.annotations?.[managerWireAnnotation];
      if (wire === undefined)
        return unknown('version', `Service ${name} does not say which protocol its manager speaks`);
      if (wire === String(wireVersion)) return fine('version', `manager and client both speak protocol ${wire}`);
      const older = Number(wire) < wireVersion ? 'the installation (fairlead upgrade)' : 'this client';
      return failing(
        'version',
        `version skew: the manager speaks protocol ${wire}, this client protocol ${wireVersion}`,
        `Bring ${older} up to date.`,
      );
    },
    options,
  );
}
