import { createHash, timingSafeEqual } from 'node:crypto';

/** The fingerprint of a session's key, as it stands in the session's intercepts: SHA-256 in hexadecimal. */
export function sessionFingerprint(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Whether two texts are equal, in a time that tells nothing about where they differ. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
