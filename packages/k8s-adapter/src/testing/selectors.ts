import type { KubernetesObject } from '../objects/kubernetes-object.ts';

/** Which objects a list or a watch means. */
export interface Selectors {
  readonly namespace: string | undefined;
  readonly labelSelector: string | null;
  readonly fieldSelector: string | null;
}

/** Whether the object is meant. Label requirements: `k=v`, `k!=v`, `k in (a,b)`, `k notin (a)`, `k`, `!k`. */
export function selects(selectors: Selectors, object: KubernetesObject): boolean {
  const { namespace, labelSelector, fieldSelector } = selectors;
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  const labels = object.metadata.labels ?? {};
  return (
    split(labelSelector).every((term) => fitsLabels(term, labels)) && split(fieldSelector).every(fitsField(object))
  );
}

function split(selector: string | null): readonly string[] {
  // Not at the commas inside parentheses.
  return (selector ?? '').split(/,(?![^(]*\))/).filter(Boolean);
}

function fitsLabels(term: string, labels: Readonly<Record<string, string>>): boolean {
  const set = /^(\S+) (in|notin) \(([^)]*)\)$/.exec(term);
  if (set) {
    const [, key = '', operator, values = ''] = set;
    const isIn = values.split(',').includes(labels[key] ?? '\0');
    return operator === 'in' ? isIn : !isIn;
  }
  const [, key = '', operator, value] = /^!?([^!=]+)(!=|==?)?(.*)$/.exec(term) ?? [];
  if (operator === '!=') return labels[key] !== value;
  if (operator) return labels[key] === value;
  return term.startsWith('!') ? !(key in labels) : key in labels;
}

function fitsField(object: KubernetesObject): (term: string) => boolean {
  return (term) => {
    const [path = '', value] = term.split('=');
    const found = path
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
    return found === value;
  };
}
