const namespace = 'bench';

/** How the samples are planned. */
export const planOptions = { agentImage: 'agent:1', managerHost: 'traffic-manager.fairlead', managerPort: 8443 };

/** A Deployment of one replica with a port, as Helm labels it: one label is that of all. */
export function aWorkload(name) {
  const labels = { 'app.kubernetes.io/part-of': 'bench', 'app.kubernetes.io/name': name };
  const container = { name: 'app', image: 'app:1', ports: [{ name: 'http', containerPort: 8080 }] };
  return {
    namespace,
    kind: 'Deployment',
    name,
    uid: `uid-${name}`,
    generation: 1,
    labels: {},
    annotations: {},
    replicas: 1,
    updateStrategy: 'RollingUpdate',
    selector: labels,
    template: { metadata: { labels }, spec: { containers: [container] } },
  };
}

/** Its Service. */
export function aService(name) {
  const selector = { 'app.kubernetes.io/part-of': 'bench', 'app.kubernetes.io/name': name };
  const ports = [{ name: 'http', port: 80, targetPort: 'http' }];
  return { namespace, name, uid: `uid-of-service-${name}`, selector, clusterIP: '10.0.0.1', ports };
}

/** A personal intercept of one port, which goes with all others. */
export function aClaim(id) {
  return {
    id,
    mode: 'intercept',
    workload: { namespace, kind: 'Deployment', name: 'app' },
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    match: { headers: { 'x-user': id } },
    sessionId: id,
    sessionLabel: id,
    user: id,
    since: '2026-01-01T00:00:00.000Z',
  };
}

/** What asks for a personal intercept of a workload's port. */
export function aDraft(name, workload) {
  return {
    namespace,
    name,
    spec: {
      mode: 'intercept',
      workload: { namespace, name: workload },
      ports: [],
      match: { headers: { 'x-user': name } },
    },
    session: { id: 'bench', fingerprint: 'bench', label: 'bench' },
  };
}
