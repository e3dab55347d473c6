import type { RequestView } from '../model/match.ts';

/** Whether the kubelet sent this request to see how the app is. Such requests are diverted only on demand. */
export function isKubeletProbe(request: Pick<RequestView, 'header'>): boolean {
  return request.header('user-agent').some((agent) => agent.startsWith('kube-probe/'));
}
