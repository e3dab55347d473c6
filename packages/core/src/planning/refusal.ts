import { type ErrorCode, FairleadError } from '../errors.ts';
import { formatWorkload, type Workload } from '../model/workload.ts';
import type { Annotation } from './annotations.ts';

/** Why a workload gets no plan, told without naming it. */
export interface Refusal {
  readonly refused: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly candidates?: readonly string[];
}

/** Whether a step ended with a refusal. */
export function isRefusal<T extends object | undefined>(result: T | Refusal): result is Refusal {
  return result !== undefined && 'refused' in result;
}

/** The error that callers see. */
export function refusalError(workload: Workload, { refused, message, ...options }: Refusal): FairleadError {
  return new FairleadError(refused, `${formatWorkload(workload)}: ${message}`, { phase: 'plan', ...options });
}

/** The refusal of an annotation's value. */
export function badAnnotation({ key, value }: Annotation, why: string): Refusal {
  const hint = `Correct the annotation ${key} on the pod template.`;
  return { refused: 'bad-request', message: `annotation ${key} is "${value}": ${why}`, hint };
}
