import { describe, expect, it } from 'vitest';
import { injectionWanted } from './injection-wanted.ts';

const agent = 'fairlead.dev/inject-traffic-agent';
const manual = 'fairlead.dev/manually-injected';

describe('whether injection is wanted', () => {
  it.each([
    ['row 10: no annotation and no entry', {}, false, { inject: false, reason: 'not-asked' }],
    ['an empty annotation and no entry', { [agent]: '' }, false, { inject: false, reason: 'not-asked' }],
    ['no annotation but an entry', {}, true, { inject: true, reason: 'entry' }],
    ['an empty annotation and an entry', { [agent]: '' }, true, { inject: true, reason: 'entry' }],
    ['enabled without an entry', { [agent]: 'enabled' }, false, { inject: true, reason: 'enabled' }],
    ['enabled with an entry', { [agent]: 'enabled' }, true, { inject: true, reason: 'enabled' }],
    ['disabled with an entry', { [agent]: 'disabled' }, true, { inject: false, reason: 'disabled' }],
    ['false with an entry', { [agent]: 'false' }, true, { inject: false, reason: 'disabled' }],
    ['a sidecar made by hand', { [manual]: 'true' }, true, { inject: false, reason: 'manual' }],
    ['not made by hand', { [manual]: 'false' }, true, { inject: true, reason: 'entry' }],
    [
      'the original annotation',
      { 'telepresence.getambassador.io/inject-traffic-agent': 'enabled' },
      false,
      { inject: true, reason: 'enabled' },
    ],
    [
      'ours against the original',
      { [agent]: 'disabled', 'telepresence.getambassador.io/inject-traffic-agent': 'enabled' },
      true,
      { inject: false, reason: 'disabled' },
    ],
    [
      'a value that means nothing',
      { [agent]: 'yes' },
      true,
      {
        inject: false,
        reason: 'bad-annotation',
        message: `annotation ${agent} is "yes": wanted enabled, disabled or false`,
      },
    ],
    [
      'a contradiction',
      { [agent]: 'enabled', [manual]: 'true' },
      true,
      {
        inject: false,
        reason: 'bad-annotation',
        message: `annotation ${manual} is "true": cannot be combined with ${agent}: enabled`,
      },
    ],
  ])('is decided for %s', (_case, annotations: Record<string, string>, hasEntry, expected) => {
    expect(injectionWanted(annotations, hasEntry)).toEqual(expected);
  });

  it('is decided for a pod without annotations', () => {
    expect(injectionWanted(undefined, true)).toEqual({ inject: true, reason: 'entry' });
  });
});
