import type { StringMap } from '../model/pod.ts';
import { readInjectionWish } from './injection-wish.ts';
import { isRefusal } from './refusal.ts';

/** Whether a pod is to get a traffic-agent, and what decided it. */
export type InjectionDecision =
  /** `enabled`: the annotation asks for it. `entry`: the workload has an agent config. */
  | { readonly inject: true; readonly reason: 'enabled' | 'entry' }
  /**
   * `disabled`: the annotation forbids it. `manual`: the user brings the sidecar. `not-asked`: neither annotation nor
   * entry.
   */
  | { readonly inject: false; readonly reason: 'disabled' | 'manual' | 'not-asked' }
  /** An annotation has a value that means nothing; the message tells which. */
  | { readonly inject: false; readonly reason: 'bad-annotation'; readonly message: string };

/**
 * Decides from a pod's (or pod template's) annotations and from whether its workload has an entry in the store. An entry
 * that is marked manual is for the caller to leave alone.
 */
export function injectionWanted(annotations: StringMap | undefined, hasEntry: boolean): InjectionDecision {
  const wish = readInjectionWish(annotations);
  if (isRefusal(wish)) return { inject: false, reason: 'bad-annotation', message: wish.message };
  if (wish.kind === 'enabled') return { inject: true, reason: 'enabled' };
  if (wish.kind !== 'none') return { inject: false, reason: wish.kind };
  return hasEntry ? { inject: true, reason: 'entry' } : { inject: false, reason: 'not-asked' };
}
