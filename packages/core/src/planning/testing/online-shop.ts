import type { Container } from '../../model/pod.ts';
import type { Service, ServicePort } from '../../model/service.ts';
import type { Workload } from '../../model/workload.ts';
import { aContainer, aService, aWorkload } from './samples.ts';

const namespace = 'boutique';

/** A shop of small services in several languages: numeric targets throughout, one front end behind two services. */
export function onlineShop(): { readonly workloads: readonly Workload[]; readonly services: readonly Service[] } {
  const backends = [
    shopPart('adservice', 9555, aContainer('server', { containerPort: 9555 })),
    shopPart('cartservice', 7070, aContainer('server', { containerPort: 7070 })),
    shopPart('checkoutservice', 5050, aContainer('server', { containerPort: 5050 })),
    shopPart('currencyservice', 7000, aContainer('server', { name: 'grpc', containerPort: 7000 })),
    shopPart('emailservice', 5000, aContainer('server', { containerPort: 8080 }), 8080),
    shopPart('paymentservice', 50_051, aContainer('server', { containerPort: 50_051 })),
  ];
  return {
    workloads: [
      ...backends.map(({ workload }) => workload),
      aWorkload({ namespace, name: 'loadgenerator', containers: [aContainer('main')] }),
      aWorkload({ namespace, name: 'frontend', containers: [aContainer('server', { containerPort: 8080 })] }),
      aWorkload({ namespace, name: 'redis-cart', containers: [redis] }),
    ],
    services: [
      ...backends.map(({ service }) => service),
      selecting('frontend', 'frontend-external', { name: 'http', port: 80, targetPort: 8080 }),
      selecting('frontend', 'frontend', { name: 'http', port: 80, targetPort: 8080 }),
      selecting('redis-cart', 'redis-cart', { name: 'tcp-redis', port: 6379, targetPort: 6379 }),
    ],
  };
}

const redis: Container = {
  ...aContainer('redis', { containerPort: 6379 }),
  volumeMounts: [{ name: 'redis-data', mountPath: '/data' }],
};

function shopPart(name: string, port: number, container: Container, targetPort: number = port) {
  return {
    workload: aWorkload({ namespace, name, containers: [container] }),
    service: selecting(name, name, { name: 'grpc', port, targetPort }),
  };
}

function selecting(app: string, name: string, port: ServicePort): Service {
  return aService(name, [port], { namespace, selector: { app } });
}
