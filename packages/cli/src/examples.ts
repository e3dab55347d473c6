/** A command line, and what it does. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** What `--help` of each command shows, by its name. Every line is read by the program itself in a test. */
export const examples: Readonly<Record<string, readonly Example[]>> = {
  demo: [{ line: 'fairlead demo', does: 'half a minute that shows what this is about' }],
  version: [{ line: 'fairlead version -o json', does: 'for a bug report' }],
  plan: [
    { line: 'fairlead plan deployment/cart', does: 'which ports of the cart can be intercepted, and how' },
    { line: 'fairlead plan -f shop.yaml -o json', does: 'the same of manifests, without a cluster' },
  ],
  inject: [
    { line: 'fairlead inject -f shop.yaml', does: 'what the injector would make of these manifests' },
    { line: 'fairlead inject -f - --only-enabled', does: 'those of stdin, as far as they are annotated' },
  ],
  intercept: [
    {
      line: 'fairlead intercept deployment/cart --port http:8080 --header x-user=ada',
      does: 'requests of ada go to port 8080 of this machine, those of others to the app',
    },
    { line: 'fairlead intercept cart --port 80:3000 -- npm start', does: 'all traffic, while a program runs' },
    { line: 'fairlead intercept cart --to 8080 --local', does: 'the same on the embedded cluster' },
  ],
  wiretap: [
    { line: 'fairlead wiretap cart --path-prefix /api', does: 'see requests and answers; nobody notices' },
    { line: 'fairlead wiretap cart --limit 10 -o json-stream', does: 'ten of them, for a program' },
  ],
  list: [
    { line: 'fairlead list -n shop', does: 'what can be intercepted, and who does' },
    { line: 'fairlead list --watch', does: 'the same, as it changes' },
  ],
  status: [{ line: 'fairlead status -n shop', does: 'whether an intercept would work there' }],
  doctor: [
    { line: 'fairlead doctor', does: 'what is wrong, and what to do about it' },
    { line: 'fairlead doctor --context staging -o json', does: 'of another cluster, for a program' },
  ],
  'gather-logs': [
    { line: 'fairlead gather-logs -n shop', does: 'an archive to send to whoever helps' },
    {
      line: 'fairlead gather-logs deployment/cart --output-file cart.tar.gz',
      does: 'with the agents of the cart only',
    },
  ],
  leave: [
    { line: 'fairlead leave cart-1f2e3d4c', does: 'end one intercept' },
    { line: 'fairlead leave --all', does: 'end all of yours in this namespace' },
  ],
  install: [
    { line: 'fairlead install --namespaces shop,bank', does: 'for two namespaces of the cluster' },
    { line: 'fairlead install --dry-run -o yaml', does: 'see what would be made' },
  ],
  upgrade: [{ line: 'fairlead upgrade --replicas 2', does: 'change one option, keep the others' }],
  uninstall: [
    { line: 'fairlead uninstall', does: 'take everything away, agents first' },
    { line: 'fairlead uninstall --agent deployment/cart -n shop', does: 'only the agent of the cart' },
  ],
  completion: [
    { line: 'fairlead completion bash', does: 'in ~/.bashrc: source <(fairlead completion bash)' },
    { line: 'fairlead completion zsh', does: 'in ~/.zshrc, after compinit: source <(fairlead completion zsh)' },
    { line: 'fairlead completion fish', does: 'in config.fish: fairlead completion fish | source' },
  ],
  'config view': [{ line: 'fairlead config view', does: 'why it is this cluster and this namespace' }],
  'local up': [{ line: 'fairlead local up -f shop.yaml', does: 'run manifests as local processes' }],
};

/** The examples of a command as `--help` shows them; empty when there is none. */
export function examplesText(name: string): string {
  const shown = (examples[name] ?? []).map(({ line, does }) => `  ${line}\n      ${does}`);
  return shown.length === 0 ? '' : `\nExamples:\n${shown.join('\n')}`;
}
