import { arbitrate, planWorkloads } from '@fairlead/core';
import { activate, leaveRow } from '../scale/activate.mjs';
import { configMapRow, watchRow } from '../scale/api-server.mjs';
import { exponentRow } from '../scale/exponent.mjs';
import { linkAgents } from '../scale/link-agents.mjs';
import { aClaim, aService, aWorkload, planOptions } from '../scale/samples.mjs';
import { watchEventRows } from '../scale/watch-events.mjs';

const most = 1.05;

/**
 * How costs grow with what there is of it: 1 is linear. There is no peer; the ratio is the exponent. And what a watch of
 * many workloads takes.
 */
export async function scaleRows({ rounds, wanted }) {
  const rows = [];
  const row = async (options) => {
    if (wanted(options.id)) rows.push(await exponentRow({ rounds, target: most, ...options }));
  };
  await row({
    id: 'scale.exponent-plan',
    what: 'workloads planned',
    sizes: [10, 100, 1000, 10_000],
    prepare: (size) => {
      const names = Array.from({ length: size }, (_, index) => `app-${index}`);
      return [names.map((name) => aWorkload(name)), names.map((name) => aService(name))];
    },
    work: ([workloads, services]) => planWorkloads(workloads, services, planOptions),
  });
  await row({
    id: 'scale.exponent-arbitrate',
    what: 'claims on a port, and one more',
    sizes: [5, 50, 500],
    prepare: (size) => Array.from({ length: size }, (_, index) => aClaim(`claim-${index}`)),
    work: (claims) => {
      if (arbitrate(claims, aClaim('one-more'))) throw new Error('the claim was not granted');
    },
  });
  await row({
    id: 'scale.exponent-activation',
    what: 'workloads, one intercept each, until all are active',
    sizes: [5, 50, 500],
    work: (_, size) => activate({ workloads: size, interceptsEach: 1 }),
  });
  await row({ id: 'scale.exponent-leave', sizes: [5, 50, 500], ...leaveRow });
  await row({
    id: 'scale.exponent-shared-activation',
    what: 'intercepts of one workload at once, until all are active, for each',
    sizes: [5, 50, 500],
    target: null,
    work: (_, size) => activate({ workloads: 1, interceptsEach: size }),
    each: true,
  });
  await row({
    id: 'scale.exponent-relay',
    what: 'agents linked over loopback, each assigned to once',
    sizes: [10, 100, 1000],
    work: (_, size) => linkAgents(size),
  });
  await row({ id: 'scale.exponent-config-map', sizes: [5, 50, 500], ...configMapRow });
  await row({ id: 'scale.exponent-watch', sizes: [100, 1000, 5000], ...watchRow });
  return [...rows, ...(await watchEventRows({ rounds, wanted }))];
}
