const redacted = '[redacted]';

/** Values shorter than this are words that stand everywhere. */
const minSecretLength = 8;

const secretName =
  /(?:token|secret|passw|passphrase|credential|api[-_]?key|private[-_]?key|authorization|cookie|signature)/i;

/** Fields whose names sound like a secret, and hold the name of one, or a choice. */
const harmlessName =
  /^(?:secretName|secretKeyRef|secretRef|tokenExpirationSeconds|automountServiceAccountToken|imagePullSecrets|expirationSeconds|secret|secrets|serviceAccountToken|kubernetes\.io\/.*)$/;

/** What Kubernetes objects carry that says nothing, or says everything once more. */
const dropped: ReadonlySet<string> = new Set(['managedFields', 'kubectl.kubernetes.io/last-applied-configuration']);

/** Bytes of certificates and keys, whatever the object. */
const opaque: ReadonlySet<string> = new Set([
  'caBundle',
  'certificate-authority-data',
  'client-certificate-data',
  'client-key-data',
  'fairlead.dev/ca',
]);

const patterns: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/-----BEGIN ([A-Z ]+)-----[\s\S]*?(?:-----END \1-----|$)/g, `[redacted $1]`],
  // JSON web tokens.
  [/\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, redacted],
  [/\b(Bearer|Basic|Digest|Negotiate)\s+[\w.~+/=-]{4,}/gi, `$1 ${redacted}`],
  // Credentials in an address.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+(?::[^\s/@]*)?@/gi, `$1${redacted}@`],
  // "token": "…", password=…, x-api-key: …, set-cookie: a; b
  [
    /(["']?\b[\w.-]*(?:token|secret|passw(?:or)?d|passphrase|credentials?|api[-_]?key|private[-_]?key)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&"'{}[\]]+)/gi,
    `$1${redacted}`,
  ],
  [
    /(["']?\b(?:proxy-)?(?:authorization|set-cookie2?|cookie)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|[^\n"]+)/gi,
    `$1${redacted}`,
  ],
  // Long runs of base64: keys, certificates, sealed values. Hashes are shorter.
  [/[A-Za-z0-9+/_-]{120,}={0,2}/g, redacted],
];

/**
 * Takes secrets out of what is handed to others: by the names of fields, by the looks of values, and what it has once seen
 * as the value of an environment variable it takes out wherever it comes again. So objects go before logs.
 */
export class Redactor {
  readonly #learned = new Set<string>();

  /** Takes this out wherever it comes. */
  learn(value: string): void {
    if (value.length >= minSecretLength) this.#learned.add(value);
  }

  /** Text without secrets. */
  text(text: string): string {
    let clean = text;
    // The longest first: one may be a part of another.
    for (const value of [...this.#learned].sort((a, b) => b.length - a.length))
      clean = clean.replaceAll(value, redacted);
    for (const [pattern, instead] of patterns) clean = clean.replace(pattern, instead);
    return clean;
  }

  /** Plain data without secrets; of objects of Kubernetes also without the values of environment variables and Secrets. */
  data(value: unknown): unknown {
    this.#learnFrom(value);
    return this.#clean(value);
  }

  #learnFrom(value: unknown): void {
    if (Array.isArray(value)) for (const one of value) this.#learnFrom(one);
    else if (isObject(value)) {
      for (const [name, inner] of Object.entries(value)) {
        if (name === 'env' && Array.isArray(inner))
          for (const { value: given } of inner.filter(isObject)) this.#learnText(given);
        this.#learnFrom(inner);
      }
    }
  }

  #learnText(value: unknown): void {
    // Addresses and numbers are no secrets, and without them nothing can be read.
    if (typeof value === 'string' && !/^(?:[\d.:]+|true|false|https?:\/\/[^@]*)$/.test(value)) this.learn(value);
  }

  #clean(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((one) => this.#clean(one));
    if (!isObject(value)) return value;
    const isSecret = value.kind === 'Secret';
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, inner]): [string, unknown][] => {
        if (dropped.has(name)) return [];
        if (opaque.has(name)) return [[name, redacted]];
        if (isSecret && (name === 'data' || name === 'stringData') && isObject(inner)) {
          return [[name, Object.fromEntries(Object.keys(inner).map((key) => [key, redacted]))]];
        }
        if (name === 'env' && Array.isArray(inner)) return [[name, inner.map((one) => this.#variable(one))]];
        if (typeof inner === 'string' && secretName.test(name) && !harmlessName.test(name)) return [[name, redacted]];
        return [[name, this.#clean(inner)]];
      }),
    );
  }

  #variable(variable: unknown): unknown {
    if (!isObject(variable)) return redacted;
    return 'value' in variable
      ? { ...(this.#clean({ ...variable, value: '' }) as object), value: redacted }
      : this.#clean(variable);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
