/** Model, ports and pure rules of Fairlead: planning, matching, arbitration, lifecycle. @packageDocumentation */
export {};
