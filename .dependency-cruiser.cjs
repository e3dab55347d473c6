/** The walls of architecture: who may know whom. */
const packages = {
  core: [],
  tunnel: [],
  relay: ['core', 'tunnel'],
  'agent-runtime': ['core', 'tunnel'],
  webhook: ['core'],
  'k8s-adapter': ['core', 'tunnel'],
  'local-adapter': ['core', 'tunnel', 'relay', 'agent-runtime', 'webhook'],
  install: ['core', 'k8s-adapter'],
  manager: ['core', 'tunnel', 'relay', 'agent-runtime', 'webhook', 'k8s-adapter', 'install'],
  sdk: ['core', 'tunnel'],
  cli: ['core', 'sdk', 'webhook', 'local-adapter', 'k8s-adapter', 'install'],
};

/** A package may import only the front doors of its friends. */
const knows = (name, friends) => ({
  name: `${name}-knows-only-its-friends`,
  severity: 'error',
  from: { path: `^packages/${name}/src` },
  to: {
    path: '^packages/',
    pathNot: [
      `^packages/${name}/`,
      ...friends.map((friend) => `^packages/${friend}/src/index\\.ts$`),
      ...friends.map((friend) => `^packages/${friend}/src/(conformance/index|server)\\.ts$`),
      // The one program of the image is several: the manager's main runs the agent's.
      ...(name === 'manager' ? ['^packages/agent-runtime/src/main\\.ts$'] : []),
    ],
  },
});

module.exports = {
  forbidden: [
    ...Object.entries(packages).map(([name, friends]) => knows(name, friends)),
    {
      name: 'core-is-pure',
      comment: 'core does no I/O',
      severity: 'error',
      from: { path: '^packages/core/src', pathNot: '(\\.test\\.ts$|/conformance/)' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'inversify-only-where-things-are-composed',
      severity: 'error',
      from: { path: '^packages/', pathNot: '/(container|module|tokens|cluster)\\.ts$|\\.test\\.ts$' },
      to: { path: 'node_modules/inversify' },
    },
    {
      name: 'kubernetes-client-only-in-its-adapter',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/k8s-adapter/' },
      to: { path: 'node_modules/@kubernetes/client-node' },
    },
    {
      name: 'product-code-knows-no-test-tools',
      severity: 'error',
      from: {
        path: '^packages/',
        pathNot: '(\\.test\\.ts$|/conformance/|/testing/|^packages/sdk/src/vitest/)',
      },
      to: { path: '(node_modules/(vitest|fast-check|nock)|\\.test\\.ts$|/conformance/)' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unknown', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^packages/[^/]+/dist/' },
    tsConfig: { fileName: 'tsconfig.test.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@fairlead/source', 'import', 'node', 'default'],
    },
  },
};
