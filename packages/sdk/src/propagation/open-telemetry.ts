import { FairleadError } from '@fairlead/core';
import type { MarkOptions } from './mark.ts';

/** Baggage as `@opentelemetry/api` has it. */
export interface OpenTelemetryBaggage {
  /** The same with this entry. */
  setEntry(key: string, entry: { value: string }): OpenTelemetryBaggage;
}

/** The part of the module `@opentelemetry/api` that is needed. */
export interface OpenTelemetryApi<Context> {
  readonly context: {
    /** The context in force. */
    active(): Context;
  };
  readonly propagation: {
    /** What travels with the context already. */
    getBaggage(context: Context): OpenTelemetryBaggage | undefined;
    /** Baggage without entries. */
    createBaggage(): OpenTelemetryBaggage;
    /** The context with this baggage. */
    setBaggage(context: Context, baggage: OpenTelemetryBaggage): Context;
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
