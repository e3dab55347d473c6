/**
 * Resolves when the condition holds; fails after five seconds. It looks once more after them, as a process that got no time
 * from the machine has missed what came meanwhile.
 */
export async function until(condition: () => boolean | Promise<boolean>, what: string, limitMs = 5000): Promise<void> {
  const end = Date.now() + limitMs;
  let isLate = false;
  while (!(await condition())) {
    if (isLate) throw new Error(`not within ${limitMs} ms: ${what}`);
    isLate = Date.now() > end;
    await new Promise((resolve) => setTimeout(resolve, isLate ? 50 : 5));
  }
}
