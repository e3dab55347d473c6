const endings = new Set<() => void>();

/** Calls `end`, which cannot wait for anything, when this process ends by itself. Returns what takes that back. */
export function endWithProcess(end: () => void): () => void {
  if (endings.size === 0) process.on('exit', endAll);
  endings.add(end);
  return () => {
    endings.delete(end);
    if (endings.size === 0) process.removeListener('exit', endAll);
  };
}

function endAll(): void {
  for (const end of endings) end();
}
