import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { FairleadError } from '@fairlead/core';
import type { KubeConfigOptions } from './kube-config-options.ts';
import { PooledKubeConfig } from './pooled-kube-config.ts';

/** Where a pod finds the token of its service account. */
const tokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Reads the kubeconfig as kubectl does: the files of `KUBECONFIG` are merged, the first to name something wins, and those
 * that are not there are passed over; without any, a pod uses its service account. Fails with `bad-config`.
 */
export function loadKubeConfig(options: KubeConfigOptions): PooledKubeConfig {
  const config = read(options);
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const contexts = config.getContexts().map(({ name }) => name);
  const name = config.getCurrentContext() as string | undefined;
  const context = name === undefined ? undefined : config.getContexts().find((one) => one.name === name);
  if (!context) {
    throw badConfig(name ? `the kubeconfig has no context ${name}` : 'the kubeconfig has no current context', contexts);
  }
  const cluster = config.getClusters().find((one) => one.name === context.cluster);
  if (!cluster?.server) throw badConfig(`the context ${name} names a cluster ${context.cluster} that is not there`);
  if (context.user && !config.getUsers().some((one) => one.name === context.user)) {
    throw badConfig(`the context ${name} names a user ${context.user} that is not there`);
  }
  return config;
}

/** The names of the contexts that there are to choose from. Fails with `bad-config`. */
export function contextNames(options: KubeConfigOptions): readonly string[] {
  return read(options)
    .getContexts()
    .map(({ name }) => name);
}

/** The files that are read, in the order in which they count; those of them that are not there are passed over. */
export function kubeConfigFiles({ kubeconfig, environment = process.env }: KubeConfigOptions): readonly string[] {
  const named = kubeconfig === undefined ? environment.KUBECONFIG?.split(delimiter).filter(Boolean) : [kubeconfig];
  return named?.length ? named : [join(environment.HOME ?? homedir(), '.kube', 'config')];
}

function read({ kubeconfig, environment = process.env }: KubeConfigOptions): PooledKubeConfig {
  const files = kubeConfigFiles({ kubeconfig, environment });
  const present = files.filter((file) => existsSync(file));
  if (present.length > 0) return merge(present.map(readFile));
  if (kubeconfig === undefined && existsSync(tokenFile)) {
    const config = new PooledKubeConfig();
    config.loadFromCluster();
    return config;
  }
  throw badConfig(`there is no kubeconfig: looked at ${files.join(', ')}`);
}

function readFile(file: string): PooledKubeConfig {
  const config = new PooledKubeConfig();
  try {
    config.loadFromFile(file);
  } catch (error) {
    throw FairleadError.from(error, 'bad-config', `cannot read the kubeconfig ${file}`);
  }
  return config;
}

function merge(configs: readonly PooledKubeConfig[]): PooledKubeConfig {
  const whole = new PooledKubeConfig();
  whole.loadFromOptions({
    clusters: firstOfEachName(configs.flatMap((config) => config.getClusters())).map(allowPlainHttp),
    users: firstOfEachName(configs.flatMap((config) => config.getUsers())),
    contexts: firstOfEachName(configs.flatMap((config) => config.getContexts())),
    currentContext: configs.map((config) => config.getCurrentContext()).find(Boolean),
  });
  return whole;
}

function firstOfEachName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return items.filter((item, at) => items.findIndex((other) => other.name === item.name) === at);
}

/** The client takes plain HTTP, as `kubectl proxy` speaks it, only from clusters that say there is nothing to verify. */
function allowPlainHttp<T extends { readonly server: string }>(cluster: T): T {
  return cluster.server?.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster;
}

function badConfig(message: string, candidates?: readonly string[]): FairleadError {
  return new FairleadError('bad-config', message, {
    phase: 'input',
    hint: 'Name a kubeconfig and a context, or run where a service account is mounted.',
    ...(candidates?.length && { candidates }),
  });
}
