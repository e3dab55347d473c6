import type { Container, StringMap } from '@fairlead/core';
import type { NameClaim } from './agent-ports.ts';
import { protocolOf } from './app-containers.ts';
import { isObject } from './carries.ts';
import { hiddenPortPrefix, hiddenPortsAnnotation, maxPortNameLength } from './sidecar-names.ts';

/** By container: from the present to another name of a port. */
export type PortNames = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Which original names get which hidden ones. The claimed names are hidden in every container that declares them for
 * the protocol, since a Service takes the first container of the pod that has the name. Hidden names are valid and
 * differ from every other port name of the pod.
 */
export function hidePortNames(
  containers: readonly Container[],
  claims: readonly NameClaim[],
  taken: readonly string[],
): PortNames {
  const used = new Set(taken);
  const names = new Map<string, Map<string, string>>();
  for (const claim of claims) {
    for (const container of claimedFirst(containers, claim)) {
      const hidden = freeName(claim.name, used);
      used.add(hidden);
      const ofContainer = names.get(container.name) ?? new Map<string, string>();
      names.set(container.name, ofContainer.set(claim.name, hidden));
    }
  }
  return names;
}

/** Which hidden names stand for which original ones, as an earlier mutation recorded it. An unreadable record is none. */
export function recordedPortNames(annotations: StringMap | undefined): PortNames {
  const record = parsed(annotations?.[hiddenPortsAnnotation]);
  return new Map(
    Object.entries(record).map(([container, names]) => [
      container,
      new Map(
        Object.entries(isObject(names) ? names : {}).filter((pair): pair is [string, string] => {
          return typeof pair[1] === 'string';
        }),
      ),
    ]),
  );
}

/**
 * The part of a record that fits the container: hidden names that it has, and original ones that it has not. A template
 * may have been edited since.
 */
export function restorablePortNames(container: Container, recorded: PortNames): ReadonlyMap<string, string> {
  const present = new Set(container.ports?.map(({ name }) => name));
  const names = new Map<string, string>();
  for (const [hidden, original] of recorded.get(container.name) ?? []) {
    if (!present.has(hidden) || present.has(original)) continue;
    names.set(hidden, original);
    present.add(original);
  }
  return names;
}

/** The record of hidden names, for {@link recordedPortNames}; undefined when nothing is hidden. */
export function formatPortNames(names: PortNames): string | undefined {
  if (names.size === 0) return undefined;
  const record = [...names].map(([container, hidden]) => [
    container,
    Object.fromEntries([...hidden].map(([original, name]) => [name, original])),
  ]);
  return JSON.stringify(Object.fromEntries(record));
}

function claimedFirst(containers: readonly Container[], { container, name, protocol }: NameClaim): Container[] {
  const declaring = containers.filter(({ ports }) =>
    (ports ?? []).some((port) => port.name === name && protocolOf(port) === protocol),
  );
  return declaring.toSorted((a, b) => Number(b.name === container) - Number(a.name === container));
}

function freeName(name: string, used: ReadonlySet<string>): string {
  for (let ordinal = 0; ; ordinal += 1) {
    const tail = ordinal === 0 ? '' : `-${ordinal}`;
    const room = maxPortNameLength - hiddenPortPrefix.length - tail.length;
    // A cut may end in a hyphen, which may neither be last nor stand next to another.
    const hidden = `${hiddenPortPrefix}${name.slice(0, room).replace(/-$/, '')}${tail}`;
    if (!used.has(hidden)) return hidden;
  }
}

function parsed(record: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(record ?? '{}');
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
