import { describe, expect, it } from 'vitest';
import type { Identity } from '../model/identity.ts';
import type { WorkloadKey } from '../model/workload.ts';
import type { Credential, IdentityProvider } from '../ports/identity-provider.ts';
import { type Exemptions, keeps } from './keeps.ts';

/** A provider to be proven. */
export interface IdentityProviderUnderTest extends AsyncDisposable {
  readonly provider: IdentityProvider;
  /** What the named user shows. */
  readonly credential: Credential;
  /** Who shows it. */
  readonly identity: Identity;
  /** A workload which this user may intercept. */
  readonly allowed: WorkloadKey;
  /** A workload which this user may not intercept. */
  readonly forbidden: WorkloadKey;
}

/** How a provider is made. */
export interface IdentityProviderSetup {
  /** A fresh provider; disposing takes down whatever was put up for it. */
  create(): Promise<IdentityProviderUnderTest>;
  readonly exempt?: Exemptions<'refusal'>;
}

/** The promises that every {@link IdentityProvider} keeps. */
export function describeIdentityProvider(name: string, setup: IdentityProviderSetup): void {
  describe(`${name} is an IdentityProvider`, () => {
    it('tells who shows a good credential', async () => {
      await using made = await setup.create();

      expect(await made.provider.identify(made.credential)).toEqual(made.identity);
    });

    it('knows nobody by a credential that proves nothing', async () => {
      await using made = await setup.create();
      const { token, type } = made.credential;

      for (const wrong of ['', `${token}x`, token.slice(0, -1), token.toUpperCase() + token]) {
        expect(await made.provider.identify({ type, token: wrong })).toBeUndefined();
      }
    });

    it('does not take a secret of one type for another', async () => {
      await using made = await setup.create();
      const { token, type } = made.credential;

      const other = type === 'bearer' ? 'local' : 'bearer';

      expect(await made.provider.identify({ type: other, token })).toBeUndefined();
    });

    it('allows what the user may do', async () => {
      await using made = await setup.create();

      expect(await made.provider.mayIntercept(made.identity, made.allowed)).toEqual({ allowed: true });
    });

    keeps(setup.exempt, 'refusal', 'refuses the rest and names the missing right', async () => {
      await using made = await setup.create();

      const answer = await made.provider.mayIntercept(made.identity, made.forbidden);

      expect(answer).toEqual({ allowed: false, missing: expect.stringMatching(/\S/) });
    });

    it('rejects with the reason of a signal that has aborted', async () => {
      await using made = await setup.create();
      const reason = new Error('not now');
      const signal = AbortSignal.abort(reason);

      await expect(made.provider.identify(made.credential, { signal })).rejects.toBe(reason);
      await expect(made.provider.mayIntercept(made.identity, made.allowed, { signal })).rejects.toBe(reason);
    });
  });
}
