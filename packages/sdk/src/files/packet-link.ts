import type { Duplex } from 'node:stream';
import {
  abortable,
  type ChosenAgent,
  decodeSftpReply,
  encodeSftpRequest,
  FairleadError,
  type SftpExtension,
  SftpFrames,
  sftpVersion,
} from '@fairlead/core';

/** What a {@link PacketLink} tells. */
export interface PacketLinkEvents {
  /** A whole packet of the server, without its length. */
  packet(packet: Uint8Array): void;
  /** Nothing comes any more, and nothing can be said. Told once. */
  closed(error: FairleadError): void;
}

/** The longest line in which the relay says whom it asked, in bytes. */
const maxLineBytes = 4096;

/** A stream to an agent on which both sides have said that they speak SFTP. */
export class PacketLink {
  /** Who answers. */
  readonly chosen: ChosenAgent;
  readonly extensions: readonly SftpExtension[];
  readonly #stream: Duplex;

  private constructor(stream: Duplex, chosen: ChosenAgent, extensions: readonly SftpExtension[]) {
    this.#stream = stream;
    this.chosen = chosen;
    this.extensions = extensions;
  }

  /**
   * Reads whom the relay asked, and agrees on SFTP. Fails with `connection-lost` when the stream ends, `version-skew` when
   * the other side speaks something else, or the signal's reason; the stream is destroyed then.
   */
  static async open(stream: Duplex, signal: AbortSignal): Promise<PacketLink> {
    stream.on('error', () => {});
    try {
      const chosen = parseChosen(await abortable(readLine(stream), { signal }));
      stream.write(encodeSftpRequest({ type: 'init', version: sftpVersion }));
      const hello = decodeSftpReply(await abortable(readPacket(stream), { signal }));
      if (hello.type === 'version' && hello.version === sftpVersion)
        return new PacketLink(stream, chosen, hello.extensions);
      throw new RangeError('it speaks another version');
    } catch (error) {
      stream.destroy();
      if (!(error instanceof RangeError)) throw error;
      throw new FairleadError('version-skew', `the agent does not speak SFTP: ${error.message}`, { phase: 'tunnel' });
    }
  }

  /** Begins to take what the server says. To be called once. */
  listen(events: PacketLinkEvents): void {
    const frames = new SftpFrames();
    let isOver = false;
    const over = (what: string): void => {
      if (isOver) return;
      isOver = true;
      this.#stream.destroy();
      events.closed(lost(this.chosen.pod, what));
    };
    this.#stream.on('data', (chunk: Uint8Array) => {
      try {
        for (const packet of frames.take(chunk)) if (!isOver) events.packet(packet);
      } catch (error) {
        over(error instanceof Error ? error.message : String(error));
      }
    });
    this.#stream.once('end', () => over('it ended'));
    this.#stream.once('close', () => over('it was cut'));
    if (this.#stream.destroyed) over('it was cut');
  }

  /** Says something, with its length in front. */
  send(packet: Uint8Array): void {
    if (this.#stream.writable) this.#stream.write(packet);
  }

  /** Whether it would be better to wait for {@link drained} before more is said. */
  get isFull(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** Calls back when there is room to say more. */
  drained(callback: () => void): void {
    this.#stream.once('drain', callback);
  }

  /** Whether the server is listened to at the moment. */
  set isPaused(isPaused: boolean) {
    if (isPaused) this.#stream.pause();
    else this.#stream.resume();
  }

  /** Ends it. */
  close(): void {
    this.#stream.destroy();
  }
}

function lost(pod: string, what: string): FairleadError {
  return new FairleadError('connection-lost', `the way to the files of pod ${pod} is gone: ${what}`, {
    phase: 'serve',
  });
}

function parseChosen(line: string): ChosenAgent {
  try {
    const { type, pod } = JSON.parse(line);
    if (type === 'agent' && typeof pod === 'string') return JSON.parse(line) as ChosenAgent;
  } catch {
    // Told below.
  }
  throw new RangeError('it did not say who it is');
}

async function readLine(stream: Duplex): Promise<string> {
  return await readUntil(stream, (bytes) => {
    const end = bytes.indexOf(0x0a);
    if (end < 0 && bytes.length > maxLineBytes) throw new RangeError('its first words are too long');
    return end < 0 ? undefined : [bytes.toString('utf8', 0, end), end + 1];
  });
}

async function readPacket(stream: Duplex): Promise<Uint8Array> {
  return await readUntil(stream, (bytes) => {
    const [packet] = new SftpFrames().take(bytes);
    return packet && [packet, 4 + packet.length];
  });
}

/** Reads as much as it takes for `find` to find something, and puts back what follows. */
async function readUntil<T>(
  stream: Duplex,
  find: (bytes: Buffer) => readonly [found: T, length: number] | undefined,
): Promise<T> {
  let bytes: Buffer = Buffer.alloc(0);
  return await new Promise<T>((resolve, reject) => {
    const done = (): void => {
      stream.off('readable', onReadable);
      stream.off('close', onClose);
    };
    const onClose = (): void => {
      done();
      reject(new FairleadError('connection-lost', 'the agent went away', { phase: 'serve' }));
    };
    const onReadable = (): void => {
      try {
        for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null) {
          bytes = Buffer.concat([bytes, chunk]);
          const found = find(bytes);
          if (!found) continue;
          done();
          const rest = bytes.subarray(found[1]);
          if (rest.length > 0) stream.unshift(rest);
          resolve(found[0]);
          return;
        }
      } catch (error) {
        done();
        reject(error);
      }
    };
    if (stream.destroyed) onClose();
    stream.on('readable', onReadable);
    stream.once('close', onClose);
    stream.once('end', onClose);
    onReadable();
  });
}
