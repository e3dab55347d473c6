import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCatalogue, FairleadError } from './errors.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
);

describe('errors', () => {
  it('have one section of the documentation each, in the same order', () => {
    expect([...sections.keys()]).toEqual(Object.keys(errorCatalogue));
  });

  it.each(Object.entries(errorCatalogue))('%s is documented with its category and next step', (code, facts) => {
    expect(sections.get(code)).toContain(`category: ${facts.category} `);
    expect(sections.get(code)).toContain(`next step: ${facts.hint}`);
    expect(sections.get(code)?.includes('may succeed later')).toBe(facts.retryable);
  });

  it('carry the facts of their code', () => {
    const error = new FairleadError('conflict', 'cart:http is taken');

    expect(error).toMatchObject({ name: 'FairleadError', category: 'conflict', retryable: true });
    expect(error.hint).toBe(errorCatalogue.conflict.hint);
  });

  it('cross the wire with everything but their cause', () => {
    const holder = { intercept: 'cart-1', user: 'ada', session: 's1', since: '2026-01-01T00:00:00.000Z' };
    const sent = new FairleadError('conflict', 'taken', { phase: 'arbitrate', holder, hint: 'wait', cause: 'secret' });

    const received = FairleadError.deserialize(JSON.parse(JSON.stringify(sent.serialize())));

    expect(received).toMatchObject({ code: 'conflict', message: 'taken', phase: 'arbitrate', holder, hint: 'wait' });
    expect(received.cause).toBeUndefined();
  });

  it('of an unknown code become internal and keep the words', () => {
    const received = FairleadError.deserialize({ code: 'quantum' as 'internal', message: 'flux' });

    expect(received).toMatchObject({ code: 'internal', message: 'quantum: flux' });
  });

  it('keep what was thrown as their cause, and leave own errors as they are', () => {
    const thrown = new Error('ECONNREFUSED');
    const own = new FairleadError('timeout', 'too slow');

    expect(FairleadError.from(thrown, 'unreachable', 'dialling')).toMatchObject({
      code: 'unreachable',
      message: 'dialling: ECONNREFUSED',
      cause: thrown,
    });
    expect(FairleadError.from('text').message).toBe('text');
    expect(FairleadError.from(own)).toBe(own);
  });
});
