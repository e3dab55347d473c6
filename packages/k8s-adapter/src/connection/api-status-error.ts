/** What the API server said when it did not do what it was asked for. Always the cause of one of our own errors. */
export class ApiStatusError extends Error {
  override readonly name: string = 'ApiStatusError';
  /** The HTTP status. */
  readonly status: number;
  /** The machine-readable reason: `AlreadyExists`, `Conflict`, `Expired`. Empty when there is none. */
  readonly reason: string;
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Whether the API server said so itself, and nothing before it. */
  readonly isOfServer: boolean;

  constructor(status: number, reason: string, message: string, retryAfterMs?: number, isOfServer = true) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
    this.isOfServer = isOfServer;
  }
}

/** The longest text of a foreign body that becomes part of a message. */
const maxQuoted = 500;

/** Reads an unsuccessful answer. The body is a `Status` object, or, from something in between, whatever it is. */
export function readStatusError(
  status: number,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
): ApiStatusError {
  const object = parseStatus(body);
  const seconds = Number(headers['retry-after'] ?? object?.details?.retryAfterSeconds);
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
  const said = object?.message ?? body.trim();
  const message = said === '' ? `status ${status}` : said.slice(0, maxQuoted);
  return new ApiStatusError(status, object?.reason ?? '', message, retryAfterMs, object !== undefined);
}

/** The status with which the API server refused, when it is what `thrown` comes from. */
export function apiStatusOf(thrown: unknown): ApiStatusError | undefined {
  if (thrown instanceof ApiStatusError) return thrown;
  return thrown instanceof Error && thrown.cause instanceof ApiStatusError ? thrown.cause : undefined;
}

interface StatusObject {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

function parseStatus(body: string): StatusObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isStatus(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isStatus(value: unknown): value is StatusObject {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'Status';
}
