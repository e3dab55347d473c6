import type { Pod } from '../model/pod.ts';
import type { StoredConfig } from '../ports/agent-config-store.ts';

/** A pod may miss a change of the store by a moment; one that comes with an old config again and again is another matter. */
const maxRounds = 3;

/**
 * Notices pods that appear with what an entry said before: they were admitted just before the entry was written, and seen
 * after its rollout had found nothing more to do.
 */
export class Latecomers {
  /** By uid; undefined: nothing was seen yet, and what is there at first is nobody's latecomer. */
  #seen: ReadonlySet<string> | undefined;
  #revision: string | undefined;
  #rounds = 0;

  /**
   * Whether pods have to be replaced for latecomers among these. Those without any agent count only while one is
   * `awaited`: otherwise they may well be meant to have none. A few times for each revision of the entry.
   */
  note(pods: readonly Pod[], entry: StoredConfig | undefined, awaited: boolean): boolean {
    const seen = this.#seen;
    this.#seen = new Set(pods.map(({ uid }) => uid));
    if (entry?.revision !== this.#revision) this.#rounds = 0;
    this.#revision = entry?.revision;
    if (!seen || !entry || entry.config.manual || this.#rounds === maxRounds) return false;
    const isLate = ({ uid, deleting, configHash }: Pod): boolean =>
      !seen.has(uid) && !deleting && configHash !== entry.config.hash && (configHash !== undefined || awaited);
    if (!pods.some(isLate)) return false;
    this.#rounds++;
    return true;
  }
}
