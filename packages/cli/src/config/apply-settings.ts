import type { Command } from 'commander';
import type { SettingName, Settings } from './settings.ts';

/** The option of a command that a setting stands for where the command line does not say it. */
type Uses = Readonly<Partial<Record<SettingName, string>>>;

/** Commands that speak to a cluster. */
const clusterUses: Uses = {
  kubeconfig: 'kubeconfig',
  context: 'context',
  namespace: 'namespace',
  managerNamespace: 'managerNamespace',
};

/** Commands of administrators, to whom the namespace is that of the traffic-manager. */
const adminUses: Uses = { kubeconfig: 'kubeconfig', context: 'context', managerNamespace: 'namespace' };

/** Lets settings be the options that a command line does not say. Flags are always stronger. */
export function applySettings(command: Command, { said }: Settings): void {
  const options = command.opts<{ readonly local?: unknown; readonly agent?: unknown; readonly filename?: unknown }>();
  for (const [name, option] of Object.entries(usesOf(command, options)) as [SettingName, string][]) {
    const setting = said[name];
    const source = command.getOptionValueSource(option);
    if (setting && (source === undefined || source === 'default')) {
      command.setOptionValueWithSource(option, setting.value, 'config');
    }
  }
}

function usesOf(
  command: Command,
  { local, agent, filename }: { readonly local?: unknown; readonly agent?: unknown; readonly filename?: unknown },
): Uses {
  const name = command.name();
  if (['install', 'upgrade'].includes(name) || (name === 'uninstall' && agent === undefined)) return adminUses;
  // Who names the embedded cluster, or manifests, does not mean the namespace of another cluster.
  const isElsewhere = local !== undefined || filename !== undefined;
  const has = (option: string): boolean => command.options.some((one) => one.attributeName() === option);
  if (!has('context')) return {};
  const { namespace, ...others } = clusterUses;
  const timeout: Uses = name === 'intercept' ? { timeout: 'timeout' } : {};
  return { ...others, ...timeout, ...(!isElsewhere && namespace && { namespace }) };
}
