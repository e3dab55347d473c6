import { planAgentConfig } from '@fairlead/core';
import { mutatePod } from '@fairlead/webhook';
import { median, round3 } from '../measure.mjs';
import { aService, aWorkload, planOptions } from '../scale/samples.mjs';

const pods = 2000;

/** What the patch of one pod costs the webhook, without the HTTPS around it. There is no peer. */
export async function webhookRows({ rounds, wanted }) {
  const id = 'webhook.cpu-per-pod';
  if (!wanted(id)) return [];
  const workload = aWorkload('app');
  const { config } = planAgentConfig(workload, [aService('app')], planOptions);
  const pod = { ...workload.template, metadata: { ...workload.template.metadata, namespace: 'bench', name: 'app-1' } };
  const seen = [];
  for (let round = -1; round < rounds; round += 1) {
    const before = process.cpuUsage();
    for (let index = 0; index < pods; index += 1) {
      if (mutatePod(pod, config).patch.length === 0) throw new Error('the pod got no agent');
    }
    const { user, system } = process.cpuUsage(before);
    // The first round is a warm-up.
    if (round >= 0) seen.push((user + system) / pods);
  }
  const ours = round3(median(seen));
  const spread = [round3(Math.min(...seen)), round3(Math.max(...seen))];
  return [{ id, peer: 'none (µs)', ours, unit: 'µs', ratio: ours, target: null, rounds, spread }];
}
