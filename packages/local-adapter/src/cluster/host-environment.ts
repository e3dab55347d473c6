/** What a container gets of this process's environment: enough to find programs, and nothing that a pod would not have. */
const passed = ['PATH', 'HOME', 'TMPDIR', 'TMP', 'TEMP', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot'];

/** The variables that every container starts from. */
export function hostEnvironment(): Record<string, string> {
  const found = passed.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}
