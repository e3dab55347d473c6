/**
 * Fairlead's ports on a Kubernetes API server.
 * @packageDocumentation
 */

export {};
