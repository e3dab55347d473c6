/**
 * A request head without its offer to change to HTTP/2 in plain text (`Upgrade: h2c`). An upgrade concerns one hop
 * only, so whoever stands between may decline it; once taken, no later request of the connection could be told apart.
 * Undefined when the head makes no such offer. Other offers (`websocket`) and all other bytes stay.
 */
export function withoutH2c(head: string): string | undefined {
  if (!/\r\nupgrade:[^\r]*\bh2c\b/i.test(head)) return undefined;
  const lines = head.split('\r\n').flatMap((line) => {
    if (/^http2-settings:/i.test(line)) return [];
    if (/^upgrade:/i.test(line)) return without(line, ['h2c']);
    return [line];
  });
  const upgrades = lines.some((line) => /^upgrade:/i.test(line));
  const gone = upgrades ? ['http2-settings'] : ['http2-settings', 'upgrade'];
  return lines.flatMap((line) => (/^connection:/i.test(line) ? without(line, gone) : [line])).join('\r\n');
}

/** A header line without those members of its list; nothing when no member is left. */
function without(line: string, members: readonly string[]): string[] {
  const [name, ...rest] = line.split(':');
  const kept = rest
    .join(':')
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '' && !members.includes(member.toLowerCase()));
  return kept.length > 0 ? [`${name}: ${kept.join(', ')}`] : [];
}
