/** Multiplexed, flow-controlled streams over any duplex, with heartbeat and resume. @packageDocumentation */
export {};
