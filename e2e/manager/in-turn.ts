/**
 * Suites that use the same namespaces, or install and uninstall, in one file, so that they do it one after the other while
 * others wait for pods.
 */
import '../k8s-adapter/config-store.test.ts';
import '../k8s-adapter/registry.test.ts';
import './installation.test.ts';
import './helm.test.ts';
import './documentation.test.ts';
import '../stories/whole-life.test.ts';
