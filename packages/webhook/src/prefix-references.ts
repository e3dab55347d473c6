/** A reference, or an escaped character. */
const reference = /\$(?:\(([^)]*)\)|[\s\S])/g;

/**
 * The text with every `$(NAME)` that Kubernetes would replace by a variable of the container made to name the copy,
 * `$(PREFIXNAME)`. `resolves` tells for a name whether it is such a variable. Everything else stays byte for byte:
 * escapes (`$$(A)`), references to unknown names (`$(date)`), unbalanced and empty ones. Reads the text as Kubernetes
 * does: left to right, a name reaches to the next closing parenthesis, nothing nests.
 */
export function prefixReferences(text: string, prefix: string, resolves: (name: string) => boolean): string {
  return text.replaceAll(reference, (found, name: string | undefined) =>
    name !== undefined && resolves(name) ? `$(${prefix}${name})` : found,
  );
}

/** The names in a text that Kubernetes would look for, whether or not it finds them. */
export function referencesIn(text: string): readonly string[] {
  return [...text.matchAll(reference)].flatMap(([, name]) => name ?? []);
}
