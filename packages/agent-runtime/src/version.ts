/** The version of the traffic-agent, told to the manager. */
export const agentVersion = '0.0.0';
