/** What each metric of the traffic-manager says. */
export const metricHelp: Readonly<Record<string, string>> = {
  fairlead_admission_seconds: 'Time to answer the API server.',
  fairlead_admissions_total: 'Answers to the API server, by what came of the pod or intercept.',
  fairlead_events_left_out_total: 'Events that were not written, as there were too many or the API server refused.',
  fairlead_intercept_activation_seconds: 'Time from the creation of an intercept until its traffic is diverted.',
  fairlead_intercept_phases_total: 'Intercepts that entered a phase.',
  fairlead_leader: '1 on the replica that leads.',
  fairlead_namespaces: 'Namespaces that are looked after.',
  fairlead_relay_agents: 'Traffic-agents connected now.',
  fairlead_relay_denied_total: 'Streams that were denied.',
  fairlead_relay_sessions: 'Sessions connected now.',
  fairlead_relay_streams_total: 'Streams between agents and sessions, by how they ended.',
  fairlead_relay_turned_away_total: 'Peers that were not let in.',
  fairlead_replaced_pods_total: 'Pods that were replaced so that they carry the wanted agent config.',
  fairlead_rollouts_total: 'Rollouts of workloads, by how they ended.',
  fairlead_watch_failures_total: 'Watches that broke off and were begun anew, by what is watched.',
};
