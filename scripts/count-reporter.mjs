/** Closes a run with the one line that CI reads: how many tests passed and failed. */
export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state) => tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length;
    const failed = count('failed') + broken + unhandledErrors.length;
    console.log(`${count('passed')} passed, ${failed} failed`);
  }
}
