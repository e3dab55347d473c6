/**
 * A program that answers reviews over HTTPS, and tells its port. Without an argument it is the admission server with one
 * workload whose pods get the agent; with a number it is `node:https`, and answers so many bytes whatever it is asked.
 */
import { createServer } from 'node:https';
import { createSystemClock, MemoryAgentConfigStore, planAgentConfig, StaticAgentImageSource } from '@fairlead/core';
import { WebhookInjector } from '@fairlead/webhook';
import {
  HotReloadingTls,
  injectableNamespaces,
  listenAdmission,
  MemoryCertificateStore,
  openMadeCertificates,
} from '@fairlead/webhook/server';
import { aService, aWorkload, planOptions } from '../scale/samples.mjs';

const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });
const certificates = { store: new MemoryCertificateStore(), clock, dnsNames: ['localhost'] };
const { current } = await openMadeCertificates(certificates);
const tls = new HotReloadingTls(current);

async function listenReal() {
  const workload = aWorkload('app');
  const services = [aService('app')];
  const store = new MemoryAgentConfigStore();
  await store.write(workload, planAgentConfig(workload, services, planOptions).config);
  const { agentImage, ...planning } = planOptions;
  const pods = {
    ownerWorkload: async () => workload,
    services: async () => services,
    store,
    agentImages: new StaticAgentImageSource(agentImage),
    planning,
    injector: new WebhookInjector({ requireIdentity: true }),
    isInjectable: injectableNamespaces({ managerNamespace: 'fairlead' }),
    clock,
  };
  const nobody = {
    hooks: { uninstall: async () => {}, upgrade: async () => {} },
    identifyOperator: async () => undefined,
  };
  const intercepts = { managerUser: 'system:serviceaccount:fairlead:fairlead-manager' };
  const { port } = await listenAdmission({ tls, pods, intercepts, ...nobody, clock }, { host: '127.0.0.1', port: 0 });
  return port;
}

function listenBare(length) {
  const answer = Buffer.alloc(length, 'a');
  const headers = { 'content-type': 'application/json', 'content-length': length };
  const server = createServer({ ...tls.options, keepAliveTimeout: 120_000 }, (request, response) => {
    request.resume().once('end', () => response.writeHead(200, headers).end(answer));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

const [length] = process.argv.slice(2);
process.send({ port: await (length ? listenBare(Number(length)) : listenReal()) });
