/**
 * Calls back into the program that uses the SDK. What that throws ends up where uncaught errors do, not in the middle of
 * the work that it was told about.
 */
export function notify(tell: () => unknown): void {
  try {
    tell();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
