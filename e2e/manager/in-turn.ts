/** Suites that install and uninstall, in one file, so that they do it one after the other while others wait for pods. */
import './installation.test.ts';
import './helm.test.ts';
import './documentation.test.ts';
import '../stories/whole-life.test.ts';
