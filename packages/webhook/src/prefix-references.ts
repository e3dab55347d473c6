/**
 * The text with every `$(NAME)` that Kubernetes would replace by a variable of the container made to name the copy,
 * `$(PREFIXNAME)`. `resolves` tells for a name whether it is such a variable. Everything else stays byte for byte:
 * escapes (`$$(A)`), references to unknown names (`$(date)`), unbalanced and empty ones. Reads the text as Kubernetes
 * does: left to right, a name reaches to the next closing parenthesis, nothing nests.
 */
export function prefixReferences(text: string, prefix: string, resolves: (name: string) => boolean): string {
  return text.replaceAll(/\$(?:\(([^)]*)\)|[\s\S])/g, (found, name: string | undefined) =>
    name !== undefined && resolves(name) ? `$(${prefix}${name})` : found,
  );
}
