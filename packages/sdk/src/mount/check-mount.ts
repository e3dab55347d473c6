import { checkMountPlace } from './mount-place.ts';
import { findMountTools } from './mount-tools.ts';

/**
 * Whether `intercept.mount()` could use this directory, before anything is intercepted. Changes nothing. Fails with
 * `mount-unavailable` or `mount-failed`.
 */
export async function checkMount(directory: string): Promise<void> {
  await findMountTools();
  await checkMountPlace(directory);
}
