import type { ManifestLiteral } from '../manifests/manifest-source.ts';

/** What a test may choose about an app. */
export interface AppOptions {
  readonly name?: string;
  readonly kind?: 'Deployment' | 'StatefulSet' | 'ReplicaSet';
  readonly replicas?: number;
  /** A program for `node -e`. Default: answers with its pod's name. */
  readonly script?: string;
  /** Laid over the container. */
  readonly container?: Readonly<Record<string, unknown>>;
  /** Laid over the pod spec. */
  readonly pod?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Answers every request with the name of its pod, after as many milliseconds as the query says. */
const answersWithItsName = `
  const server = require('node:http').createServer((request, response) => {
    const ms = Number(new URL(request.url, 'http://x').searchParams.get('ms') ?? 0);
    setTimeout(() => response.end(process.env.HOSTNAME), ms);
  });
  server.listen(8080, process.env.HOST);
`;

/** A workload whose pods listen on port 8080, called `http`. */
export function anApp(options: AppOptions = {}): ManifestLiteral {
  const { name = 'cart', kind = 'Deployment', replicas = 1, script = answersWithItsName } = options;
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...(options.annotations && { annotations: options.annotations }) },
        spec: {
          containers: [
            {
              name: 'app',
              command: [process.execPath, '-e', script],
              ports: [{ name: 'http', containerPort: 8080 }],
              ...options.container,
            },
          ],
          ...options.pod,
        },
      },
    },
  };
}

/** A Service at port 80 that leads to the port called `http`. `spec` is laid over it. */
export function aService(name = 'cart', spec: Readonly<Record<string, unknown>> = {}): ManifestLiteral {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...spec },
  };
}
