import { type ConnectionDraft, portKey } from './connection-draft.ts';

/**
 * A port name can be given to the traffic-agent only once: where two containers use one name for different protocols, the
 * first keeps `rename` and the other is redirected by packet rules.
 */
export function settleRedirects(drafts: readonly ConnectionDraft[]): readonly ConnectionDraft[] {
  const names = new Map<string, string>();
  return drafts.map((draft) => {
    if (draft.redirect === 'iptables') return draft;
    const holder = names.get(draft.containerPortName) ?? portKey(draft);
    names.set(draft.containerPortName, holder);
    return holder === portKey(draft) ? draft : { ...draft, redirect: 'iptables' };
  });
}
