/** Suites that use the same namespaces, in one file, so that they do it one after the other. */
import './config-store.test.ts';
import './registry.test.ts';
import './resolver.test.ts';
