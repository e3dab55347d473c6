/** @packageDocumentation The promises of the ports, as test suites. */
export {};
