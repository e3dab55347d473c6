import { createSocket } from 'node:dgram';
import { setTimeout as pause } from 'node:timers/promises';

/** Somebody with one UDP socket, who asks again when no answer comes, as everybody must who uses UDP. */
export class DatagramCaller implements Disposable {
  readonly #socket = createSocket('udp4');
  readonly #answers: string[] = [];
  readonly #host: string;
  readonly #port: number;
  #count = 0;

  constructor({ host, port }: { readonly host: string; readonly port: number }) {
    this.#host = host;
    this.#port = port;
    this.#socket.on('message', (datagram) => this.#answers.push(String(datagram)));
    this.#socket.on('error', () => {});
  }

  /** Every answer that came and was not asked for, or came twice. */
  get strays(): readonly string[] {
    return this.#answers;
  }

  /** Asks something of its own, at most five times, and resolves to the answer without what was asked. */
  async ask(text: string): Promise<string> {
    this.#count += 1;
    const asked = `${text}#${this.#count}`;
    for (let attempt = 0; attempt < 5; attempt += 1) {
      this.#socket.send(asked, this.#port, this.#host, () => {});
      for (let waited = 0; waited < 1_000; waited += 5) {
        const index = this.#answers.findIndex((answer) => answer.endsWith(` ${asked}`));
        if (index >= 0) return (this.#answers.splice(index, 1)[0] as string).slice(0, -asked.length - 1);
        await pause(5);
      }
    }
    throw new Error(`no answer to ${asked}; what came: ${JSON.stringify(this.#answers)}`);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
