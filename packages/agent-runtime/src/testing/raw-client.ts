import { connect, type Socket } from 'node:net';
import { until } from './until.ts';

/** One answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** A caller that sends bytes as they are and looks at bytes as they come. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  /** How the connection ended, as seen from here. */
  fate: 'open' | 'ended' | 'reset' | 'closed' = 'open';
  #pieces: Buffer[] = [];
  #length = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.#pieces.push(bytes);
      this.#length += bytes.length;
    });
    socket.on('end', () => {
      this.fate = 'ended';
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.fate = error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'reset' : 'closed';
    });
    socket.on('close', () => {
      if (this.fate === 'open') this.fate = 'closed';
    });
  }

  /** Connects to a port of this machine. */
  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** Everything that came and was not taken, as Latin-1 text. */
  get text(): string {
    return this.#joined().toString('latin1');
  }

  /** Sends text (Latin-1) or bytes. */
  send(bytes: string | Buffer): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** Sends byte by byte, each in a packet of its own. */
  async drip(text: string): Promise<void> {
    for (const byte of Buffer.from(text, 'latin1')) {
      await new Promise((resolve) => this.socket.write(Buffer.of(byte), resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Takes this many bytes. */
  async take(length: number): Promise<string> {
    await until(() => this.#length >= length || this.fate !== 'open', `${length} bytes, got ${this.#length}`);
    if (this.#length < length) throw new Error(`the connection ${this.fate} after: ${this.text}`);
    return this.#cut(length).toString('latin1');
  }

  /** Takes everything up to and with this text. */
  async takeUntil(end: string): Promise<string> {
    await until(() => this.text.includes(end) || this.fate !== 'open', `${JSON.stringify(end)}, got ${this.text}`);
    const at = this.text.indexOf(end);
    if (at < 0) throw new Error(`the connection ${this.fate} after: ${this.text}`);
    return this.#cut(at + end.length).toString('latin1');
  }

  /** Takes the next answer, by its framing. */
  async answer(of: 'GET' | 'HEAD' = 'GET'): Promise<Answer> {
    const head = await this.takeUntil('\r\n\r\n');
    const status = Number(head.slice(9, 12));
    const hasBody = of !== 'HEAD' && status !== 204 && status !== 304 && status >= 200;
    return { status, head, body: hasBody ? await this.#body(head) : '' };
  }

  /** Sends a request and takes its answer. */
  async ask(request: string, of: 'GET' | 'HEAD' = 'GET'): Promise<Answer> {
    return this.send(request).answer(of);
  }

  /** Waits for the connection's end. */
  async ended(): Promise<RawClient['fate']> {
    await until(() => this.fate !== 'open', `an end, got ${this.text}`);
    return this.fate;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  async #body(head: string): Promise<string> {
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) return this.take(Number(length));
    if (!/\r\ntransfer-encoding: *chunked/i.test(head)) {
      await this.ended();
      return this.#cut(this.#length).toString('latin1');
    }
    let body = '';
    for (;;) {
      const size = Number.parseInt(await this.takeUntil('\r\n'), 16);
      if (size === 0) break;
      body += await this.take(size);
      await this.take(2);
    }
    while ((await this.takeUntil('\r\n')) !== '\r\n');
    return body;
  }

  #cut(length: number): Buffer {
    const joined = this.#joined();
    this.#pieces = [joined.subarray(length)];
    this.#length -= length;
    return joined.subarray(0, length);
  }

  #joined(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] as Buffer;
  }
}

/** A request without body. */
export function get(path: string, ...headers: readonly string[]): string {
  return `${[`GET ${path} HTTP/1.1`, 'Host: shop', ...headers].join('\r\n')}\r\n\r\n`;
}

/** A request with a body of known length. */
export function post(path: string, body: string, ...headers: readonly string[]): string {
  const length = Buffer.byteLength(body, 'latin1');
  return `${[`POST ${path} HTTP/1.1`, 'Host: shop', ...headers, `Content-Length: ${length}`].join('\r\n')}\r\n\r\n${body}`;
}

/** A request with a body in chunks. */
export function chunkedPost(path: string, chunks: readonly string[], ...headers: readonly string[]): string {
  const body = [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}`).join('\r\n');
  const head = [`POST ${path} HTTP/1.1`, 'Host: shop', ...headers, 'Transfer-Encoding: chunked'].join('\r\n');
  return `${head}\r\n\r\n${body}\r\n`;
}
