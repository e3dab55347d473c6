/** Joins the tunnels of traffic-agents with the tunnels of sessions. @packageDocumentation */
export {};
