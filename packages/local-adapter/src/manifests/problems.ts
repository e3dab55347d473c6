import { FairleadError } from '@fairlead/core';
import type { ManifestPlace } from './manifest-set.ts';

/** Collects what is wrong with manifests, so that a user sees all of it at once. */
export class Problems {
  readonly #lines: string[] = [];

  /** Notes a problem of a place. `field` is the path in the object, empty for the object itself. */
  add(place: ManifestPlace, subject: string, field: string, message: string): void {
    const where = [place.file, `document ${place.document}${subject && ` (${subject})`}`];
    if (place.line !== undefined) where.push(`line ${place.line}`);
    this.#lines.push(`${where.join(', ')}: ${field ? `${field}: ` : ''}${message}`);
  }

  /** Fails with `bad-manifest` when there is a problem; one line of the message for each. */
  throwIfAny(): void {
    const shown = this.#lines.slice(0, maxShown);
    const more = this.#lines.length - shown.length;
    if (more > 0) shown.push(`and ${more} more`);
    if (shown.length > 0) throw new FairleadError('bad-manifest', shown.join('\n'), { phase: 'input' });
  }
}

/** As many problems as one wants to read at once. */
const maxShown = 50;
