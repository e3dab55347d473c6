import { wireVersion } from '@fairlead/core';
import { describeAgentFleet } from '@fairlead/core/conformance';
import { sessionFingerprint } from './session-fingerprint.ts';
import { RelayFixture } from './testing/fixtures.ts';

describeAgentFleet('TunnelRelay', {
  create: async () => {
    const fixture = new RelayFixture();
    return {
      fleet: fixture.relay,
      connectAgent: (agent) => fixture.agent({ v: wireVersion, ...agent }),
      connectSession: async (id) => {
        const session = await fixture.session({ id });
        return {
          sessionId: id,
          fingerprint: sessionFingerprint('session-secret'),
          beat: () => session.say({ type: 'beat' }),
          disconnect: () => session.disconnect(),
          leave: () => session.say({ type: 'bye' }),
        };
      },
      passAckTimeout: () => fixture.clock.advance(10_000),
      [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
    };
  },
});
