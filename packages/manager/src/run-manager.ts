import { once, setMaxListeners } from 'node:events';
import { FairleadError } from '@fairlead/core';
import { installNames, managerPorts } from '@fairlead/install';
import { apiResources, connectKubernetes, ObjectClient } from '@fairlead/k8s-adapter';
import { openMadeCertificates, serviceDnsNames } from '@fairlead/webhook/server';
import { SecretCertificateStore } from './cluster/secret-certificate-store.ts';
import { composeManager } from './container.ts';
import { MetricsServer } from './observability/metrics-server.ts';
import { PinoLogger } from './observability/pino-logger.ts';
import { PrometheusMetrics } from './observability/prometheus-metrics.ts';
import { type Environment, readManagerSettings } from './settings/read-manager-settings.ts';

const maxListeners = 100;

/**
 * The process of a traffic-manager: runs until SIGTERM or SIGINT, and then ends in order. Fails with `bad-config` for an
 * environment that it cannot work with, and with whatever breaks.
 */
export async function runManager(environment: Environment = process.env): Promise<void> {
  // A signal is shared by all the watches of a namespace; more than this would be a leak.
  setMaxListeners(maxListeners);
  const settings = readManagerSettings(environment);
  const logger = PinoLogger.create({ level: settings.logLevel });
  const stop = new AbortController();
  const { signal } = stop;
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    void once(process, name).then(() => {
      logger.info({ signal: name }, 'ending');
      stop.abort(new FairleadError('closed', `the process was told to end by ${name}`));
    });
  }
  const metrics = new PrometheusMetrics({ logger, ofProcess: true });
  await using _metricsServer = await MetricsServer.listen(metrics, managerPorts.metrics);
  await using connection = await connectKubernetes();
  const { namespace } = settings;
  const secrets = new ObjectClient(connection, apiResources.secrets);
  await using certificates = await openMadeCertificates({
    store: new SecretCertificateStore(secrets, { namespace, name: installNames.tlsSecret }),
    dnsNames: [installNames.manager, installNames.injector].flatMap((service) => serviceDnsNames(service, namespace)),
    clock: connection.clock,
    logger,
    signal,
  });
  await using manager = composeManager({ settings, connection, certificates, logger, metrics });
  await manager.trafficManager.run(signal);
  logger.info({}, 'ended');
}
