import {
  type Clock,
  decodeSftpRequest,
  encodeSftpReply,
  type SftpExtension,
  SftpFrames,
  sftpOpenFlags,
  sftpStatus,
  sftpVersion,
} from '@fairlead/core';
import type { PacketLink } from '../files/packet-link.ts';

/** What {@link MountedRequests} works with. */
export interface MountedRequestsParts {
  readonly clock: Clock;
  /** The way to an agent that is there already. */
  readonly first: PacketLink;
  /** Another one. Fails when there is none in its time; then it is asked again. */
  readonly attach: () => Promise<PacketLink>;
  /** Says something to the program that mounted; false: it is not taken yet. */
  readonly say: (packet: Uint8Array) => boolean;
  /** Lets that program speak or not. */
  readonly pause: (isPaused: boolean) => void;
  /** Aborts when it is over. */
  readonly signal: AbortSignal;
}

/** How long requests wait for another replica, in milliseconds; then programs are told that there is none. */
const patienceMs = 15_000;
const pauseMs = 500;
/** A request over which so many replicas have gone away is not put to another one. */
const maxLosses = 3;
/** Extensions that are Fairlead's own are none of the program's business. */
const ownExtension = /@fairlead\.dev$/;

interface UnderWay {
  /** Present: it may be asked of another replica, for it changes nothing and depends on nothing that is open. */
  readonly packet?: Uint8Array;
  readonly isClose: boolean;
  /** How many replicas have gone away over it. */
  losses: number;
}

/**
 * Passes SFTP on between a program that has mounted and whichever replica is there. When one goes away, what it had open is
 * gone with it, and programs that read it are told so; everything else is asked of the next.
 */
export class MountedRequests {
  readonly #parts: MountedRequestsParts;
  readonly #frames = new SftpFrames();
  readonly #underWay = new Map<number, UnderWay>();
  #link: PacketLink | undefined;
  #extensions: readonly SftpExtension[];
  #isGivenUp = false;

  constructor(parts: MountedRequestsParts) {
    this.#parts = parts;
    this.#extensions = parts.first.extensions.filter(([name]) => !ownExtension.test(name));
    this.#use(parts.first);
    parts.signal.addEventListener('abort', () => this.#link?.close(), { once: true });
  }

  /** The pod that answers at the moment. */
  get pod(): string | undefined {
    return this.#link?.chosen.pod;
  }

  /** Bytes of the program. Throws a RangeError when they are no SFTP. */
  take(chunk: Uint8Array): void {
    for (const packet of this.#frames.take(chunk)) this.#asked(packet);
  }

  /** The program takes again what it is told. */
  drained(): void {
    if (this.#link) this.#link.isPaused = false;
  }

  #asked(packet: Uint8Array): void {
    const request = decodeSftpRequest(packet);
    if (request.type === 'init') {
      this.#say(encodeSftpReply({ type: 'version', version: sftpVersion, extensions: this.#extensions }));
      return;
    }
    const isRead = request.type === 'open' && request.flags === sftpOpenFlags.read;
    const mayRepeat = isRead || ['lstat', 'stat', 'opendir', 'realpath', 'readlink'].includes(request.type);
    const underWay: UnderWay = {
      losses: 0,
      isClose: request.type === 'close',
      ...(mayRepeat && { packet: Uint8Array.from(packet) }),
    };
    if (this.#link) {
      this.#underWay.set(request.id, underWay);
      this.#pass(this.#link, packet);
    } else if (mayRepeat && !this.#isGivenUp) this.#underWay.set(request.id, underWay);
    else this.#failed(request.id, underWay);
  }

  #pass(link: PacketLink, packet: Uint8Array): void {
    link.send(withLength(packet));
    if (link.isFull) {
      this.#parts.pause(true);
      link.drained(() => this.#parts.pause(false));
    }
  }

  #use(link: PacketLink): void {
    this.#link = link;
    this.#isGivenUp = false;
    link.listen({
      packet: (packet) => {
        this.#underWay.delete(new DataView(packet.buffer, packet.byteOffset).getUint32(1));
        this.#say(withLength(packet));
      },
      closed: () => this.#lost(),
    });
    for (const { packet } of this.#underWay.values()) if (packet) this.#pass(link, packet);
  }

  #lost(): void {
    this.#link = undefined;
    this.#parts.pause(false);
    for (const [id, underWay] of this.#underWay) {
      underWay.losses += 1;
      if (!underWay.packet || underWay.losses > maxLosses) this.#failed(id, underWay);
    }
    if (!this.#parts.signal.aborted) void this.#attach();
  }

  async #attach(): Promise<void> {
    const { clock, signal, attach } = this.#parts;
    using _patience = clock.after(patienceMs, () => {
      this.#isGivenUp = true;
      for (const [id, underWay] of this.#underWay) this.#failed(id, underWay);
    });
    while (!signal.aborted) {
      try {
        const link = await attach();
        if (signal.aborted) link.close();
        else this.#use(link);
        return;
      } catch {
        await clock.sleep(pauseMs, { signal }).catch(() => {});
      }
    }
  }

  #failed(id: number, { isClose }: UnderWay): void {
    this.#underWay.delete(id);
    const [code, message] = isClose ? [sftpStatus.ok, ''] : [sftpStatus.connectionLost, 'the replica is gone'];
    this.#say(encodeSftpReply({ type: 'status', id, code, message }));
  }

  #say(packet: Uint8Array): void {
    if (!this.#parts.say(packet) && this.#link) this.#link.isPaused = true;
  }
}

function withLength(packet: Uint8Array): Uint8Array {
  const whole = new Uint8Array(4 + packet.length);
  new DataView(whole.buffer).setUint32(0, packet.length);
  whole.set(packet, 4);
  return whole;
}
