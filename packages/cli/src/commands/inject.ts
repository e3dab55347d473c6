import {
  FairleadError,
  formatWorkload,
  injectionWanted,
  type PlanOptions,
  planAgentConfig,
  type Service,
  type Workload,
} from '@fairlead/core';
import type { ManifestObject } from '@fairlead/local-adapter';
import { applyPatch, mutateTemplate, originalTemplate } from '@fairlead/webhook';
import type { CommandContext } from '../context.ts';
import { manifestsFromArguments } from '../manifest-arguments.ts';
import { printObjects } from '../output/print-objects.ts';
import { offlinePlanOptions } from '../plan-options.ts';

interface InjectCommandOptions {
  readonly filename: readonly string[];
  readonly onlyEnabled?: boolean;
  readonly agentImage?: string;
}

type Document = Readonly<Record<string, unknown>>;

/**
 * `fairlead inject`: the manifests in their order, every pod template mutated as the injector would mutate its pods. What
 * cannot be injected passes unchanged, with a warning on stderr.
 */
export async function inject(context: CommandContext, options: InjectCommandOptions): Promise<number> {
  const { objects, services } = await manifestsFromArguments(options.filename, context);
  const planOptions = offlinePlanOptions(options.agentImage);
  const warn = (object: ManifestObject, message: string): void =>
    context.terminal.err(`warning: ${object.place.file}, document ${object.place.document}: ${message}\n`);
  const documents = objects.map((object) => injectObject(object, services, planOptions, options, warn));
  printObjects(context.terminal, context.format, documents);
  return 0;
}

function injectObject(
  object: ManifestObject,
  services: readonly Service[],
  planOptions: PlanOptions,
  { onlyEnabled = false }: InjectCommandOptions,
  warn: (object: ManifestObject, message: string) => void,
): Document {
  const { workload } = object;
  if (!workload) {
    const kind = String(object.value.kind);
    if (uninjectable.has(kind)) warn(object, `pods of a ${kind} are not intercepted; passed on unchanged`);
    return object.value;
  }
  const decision = injectionWanted(workload.template.metadata?.annotations, !onlyEnabled);
  if (!decision.inject) {
    if (decision.reason === 'bad-annotation') warn(object, decision.message);
    return object.value;
  }
  const written = { ...workload, template: originalTemplate(workload.template) };
  const planned = planAgentConfig(written, services, planOptions);
  for (const { message } of planned.warnings) warn(object, message);
  if (!planned.ok) {
    warn(object, `${planned.error.message}; passed on unchanged`);
    return object.value;
  }
  return withTemplate(object, workload, planned.config, warn);
}

/** Kinds with a pod template that no intercept can name. */
const uninjectable: ReadonlySet<string> = new Set(['DaemonSet', 'Job', 'CronJob', 'ReplicationController']);

function withTemplate(
  object: ManifestObject,
  workload: Workload,
  config: Parameters<typeof mutateTemplate>[1],
  warn: (object: ManifestObject, message: string) => void,
): Document {
  try {
    const { patch, warnings } = mutateTemplate(workload.template, config);
    for (const { message } of warnings) warn(object, message);
    const spec = object.value.spec as Document;
    return { ...object.value, spec: { ...spec, template: applyPatch(spec.template, patch) } };
  } catch (thrown) {
    if (!(thrown instanceof FairleadError)) throw thrown;
    warn(object, `${formatWorkload(workload)}: ${thrown.message}; passed on unchanged`);
    return object.value;
  }
}
