import type { Field } from './field.ts';
import type { ConfigData } from './manifest-set.ts';

/** Reads a ConfigMap. What is wrong is reported on the fields. */
export function readConfigMap(root: Field, namespace: string, name: string): ConfigData {
  const data = root.at('data').stringMap();
  const binary = decoded(root.at('binaryData'));
  return { namespace, name, data, binary };
}

/** Reads a Secret: `data` decoded, `stringData` over it. What is wrong is reported on the fields. */
export function readSecret(root: Field, namespace: string, name: string): ConfigData {
  const data: Record<string, string> = {};
  const binary: Record<string, Uint8Array> = {};
  for (const [key, bytes] of Object.entries(decoded(root.at('data')))) {
    const text = asText(bytes);
    if (text === undefined) binary[key] = bytes;
    else data[key] = text;
  }
  for (const [key, text] of Object.entries(root.at('stringData').stringMap())) {
    data[key] = text;
    delete binary[key];
  }
  return { namespace, name, data, binary };
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

function decoded(field: Field): Record<string, Uint8Array> {
  const entries = Object.entries(field.stringMap()).map(([key, text]) => {
    const compact = text.replace(/\s/g, '');
    if (compact.length % 4 !== 0 || !base64.test(compact)) field.at(key).report('is not base64');
    return [key, Buffer.from(compact, 'base64')] as const;
  });
  return Object.fromEntries(entries);
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
