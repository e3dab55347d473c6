import { describe, expect, it } from 'vitest';
import type { AgentImageSource } from '../ports/agent-image-source.ts';
import { type Exemptions, keeps } from './keeps.ts';

/** A source to be proven. */
export interface AgentImageSourceUnderTest extends AsyncDisposable {
  readonly source: AgentImageSource;
  /** The image that it should prefer. */
  readonly image: string;
  /** Makes what it asks unable to answer. */
  fail(): Promise<void>;
}

/** How a source is made. */
export interface AgentImageSourceSetup {
  /** A fresh source; disposing takes down whatever was put up for it. */
  create(): Promise<AgentImageSourceUnderTest>;
  readonly exempt?: Exemptions<'failure'>;
}

/** The promises that every {@link AgentImageSource} keeps. */
export function describeAgentImageSource(name: string, setup: AgentImageSourceSetup): void {
  describe(`${name} is an AgentImageSource`, () => {
    it('names the preferred image, each time it is asked', async () => {
      await using made = await setup.create();

      expect(await made.source.preferred()).toBe(made.image);
      expect(await made.source.preferred()).toBe(made.image);
    });

    it('answers many at once', async () => {
      await using made = await setup.create();

      const answers = await Promise.all(Array.from({ length: 10 }, () => made.source.preferred()));

      expect(new Set(answers)).toEqual(new Set([made.image]));
    });

    it('rejects with the reason of a signal that has aborted', async () => {
      await using made = await setup.create();
      const reason = new Error('not now');

      await expect(made.source.preferred({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    keeps(setup.exempt, 'failure', 'fails with agent-image-unavailable when it cannot know', async () => {
      await using made = await setup.create();
      await made.fail();

      await expect(made.source.preferred()).rejects.toMatchObject({ code: 'agent-image-unavailable' });
    });
  });
}
