import { FairleadError } from '@fairlead/core';
import type { MarkOptions } from './mark.ts';

/** Baggage as `@opentelemetry/api` has it. */
interface Baggage {
  setEntry(key: string, entry: { value: string }): Baggage;
}

/** The part of the module `@opentelemetry/api` that is needed. */
export interface OpenTelemetryApi<Context> {
  readonly context: { active(): Context };
  readonly propagation: {
    getBaggage(context: Context): Baggage | undefined;
    createBaggage(): Baggage;
    setBaggage(context: Context, baggage: Baggage): Context;
  };
}

/** The context with the key as baggage. Fails with `unsupported` for a key that is to travel in a header. */
export function withBaggage<Context>(
  api: OpenTelemetryApi<Context>,
  key: string,
  { header, member = 'fairlead' }: MarkOptions,
  context: Context = api.context.active(),
): Context {
  if (header !== undefined) {
    throw new FairleadError('unsupported', `OpenTelemetry passes baggage on, not the header ${header}`, {
      phase: 'input',
      hint: 'Leave the header out, so that the key travels as baggage.',
    });
  }
  const baggage = api.propagation.getBaggage(context) ?? api.propagation.createBaggage();
  return api.propagation.setBaggage(context, baggage.setEntry(member, { value: key }));
}
