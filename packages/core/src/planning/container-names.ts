const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * The prefix of a container's copied environment: its index in base 26 with the digits A to Z, then an underscore.
 * A plain number, not spreadsheet columns: 0 → `A_`, 25 → `Z_`, 26 → `BA_`.
 */
export function envPrefix(index: number): string {
  let rest = index;
  let text = '';
  do {
    text = digits.charAt(rest % digits.length) + text;
    rest = Math.floor(rest / digits.length);
  } while (rest > 0);
  return `${text}_`;
}

/** Where a container's mounts appear in the traffic-agent. */
export function agentMountPoint(container: string): string {
  return `/tel_app_mounts/${container}`;
}
