import { describeDiagnostics } from '@fairlead/core/conformance';
import { cart, loggedLine, sampleDiagnostics } from '../testing/sample-diagnostics.ts';

describeDiagnostics('LocalDiagnostics', {
  create: async () => ({
    diagnostics: sampleDiagnostics(),
    workload: cart,
    line: loggedLine,
    async [Symbol.asyncDispose]() {},
  }),
});
