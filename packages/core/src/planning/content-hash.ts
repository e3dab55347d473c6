import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { AgentConfig } from '../model/agent-config.ts';
import { canonicalJson } from './canonical-json.ts';

/** SHA-256 in hex over the canonical form of everything in the config but its hash. */
export function contentHash(config: Omit<AgentConfig, 'hash'>): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson({ ...config, hash: undefined }))));
}
