/** Pod mutation that adds the traffic-agent, as a pure function. @packageDocumentation */
export {};
