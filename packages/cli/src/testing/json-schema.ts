/** As much of JSON Schema as the schema of the lines uses. */
export interface Schema {
  readonly type?: 'array' | 'object' | 'string' | 'integer' | 'number' | 'boolean';
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  /** Exactly one of these. */
  readonly oneOf?: readonly Schema[];
}

const isOfType: Readonly<Record<NonNullable<Schema['type']>, (value: unknown) => boolean>> = {
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
};

/** In what the value does not fit the schema; empty when it does. */
export function violations(schema: Schema, value: unknown, path = '$'): readonly string[] {
  const found: string[] = [];
  if (schema.type && !isOfType[schema.type](value)) found.push(`${path} is no ${schema.type}`);
  if ('const' in schema && value !== schema.const) found.push(`${path} is not ${JSON.stringify(schema.const)}`);
  if (schema.enum && !schema.enum.includes(value)) found.push(`${path} is none of ${JSON.stringify(schema.enum)}`);
  if (schema.items && Array.isArray(value)) {
    for (const item of value) found.push(...violations(schema.items, item, `${path}[]`));
  }
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  for (const name of schema.required ?? []) if (!(name in fields)) found.push(`${path}.${name} is missing`);
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (name in fields) found.push(...violations(inner, fields[name], `${path}.${name}`));
  }
  const fitting = schema.oneOf?.filter((inner) => violations(inner, value, path).length === 0).length ?? 1;
  if (fitting !== 1) found.push(`${path} fits ${fitting} of the alternatives`);
  return found;
}
