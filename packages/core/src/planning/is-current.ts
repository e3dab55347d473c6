import type { AgentConfig } from '../model/agent-config.ts';
import { canonicalJson } from './canonical-json.ts';
import { mergeUnknownFields } from './merge-unknown-fields.ts';

/**
 * Whether the stored config says what the plan says, so that nothing needs to be written. Compares content, not hashes:
 * an entry edited by hand is not current though it kept its hash, and one that a newer version wrote with fields of its
 * own is current though its hash differs. A manual entry always is: it is not ours to change.
 */
export function isCurrent(stored: AgentConfig, planned: AgentConfig): boolean {
  if (stored.manual) return true;
  return content(stored) === content(mergeUnknownFields(stored, planned));
}

function content(config: AgentConfig): string {
  return canonicalJson({ ...config, hash: undefined });
}
