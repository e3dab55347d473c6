import { FairleadError } from '@fairlead/core';
import type { KubernetesObject as AnyObject } from '@fairlead/k8s-adapter';
import type { InstallOptions } from '../install-options.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { parseInstallOptions } from '../parse-install-options.ts';

/** The annotation on the traffic-manager's Deployment with the options that it was installed with, as JSON. */
export const optionsAnnotation = 'fairlead.dev/install-options';

/** The Deployment with the options written on it, so that an upgrade may change one and keep the others. */
export function remember(object: KubernetesObject, options: InstallOptions): KubernetesObject {
  if (object.kind !== 'Deployment') return object;
  const { metadata } = object;
  const annotations = { ...metadata.annotations, [optionsAnnotation]: JSON.stringify(options) };
  return { ...object, metadata: { ...metadata, annotations } };
}

/** The options that a Deployment remembers; none when it does not. Fails with `bad-config` when somebody broke them. */
export function rememberedOptions(deployment: AnyObject): InstallOptions {
  const written = deployment.metadata.annotations?.[optionsAnnotation];
  if (written === undefined) return {};
  try {
    const options = JSON.parse(written) as InstallOptions;
    parseInstallOptions(options);
    return options;
  } catch (error) {
    throw FairleadError.from(error, 'bad-config', `annotation ${optionsAnnotation} of the traffic-manager`);
  }
}
