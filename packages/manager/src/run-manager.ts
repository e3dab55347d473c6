export async function runManager(): Promise<void> {}
