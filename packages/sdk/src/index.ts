/** Traffic intercepts for tests and tools: connect, intercept, wiretap. @packageDocumentation */
export {};
