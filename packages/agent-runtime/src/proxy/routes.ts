import {
  compileMatch,
  type InterceptRoute,
  isKubeletProbe,
  type Match,
  type PortRoutes,
  type RequestView,
  type Toggle,
  type WiretapRoute,
} from '@fairlead/core';

/** An intercept ready to be asked for each request. */
export interface CompiledIntercept {
  readonly id: string;
  readonly toggle: Toggle;
  readonly includeProbes: boolean;
  /** It wants everything, not only what matches. */
  readonly isWhole: boolean;
  /** What it wants, as data. */
  readonly match: Match | undefined;
  wants(request: RequestView): boolean;
}

/** A wiretap ready to be asked for each request. */
export interface CompiledWiretap {
  readonly id: string;
  readonly isWhole: boolean;
  wants(request: RequestView): boolean;
}

/** The routes of a port, ready for use. Replaced as a whole, never changed. */
export interface RouteTable {
  /** Everything by id. */
  readonly intercepts: ReadonlyMap<string, CompiledIntercept>;
  /** The intercept that takes whole connections, when the first in order is one without a match. */
  readonly tcp: CompiledIntercept | undefined;
  /** Those asked for every request, in order; empty when whole connections go to one party. */
  readonly http: readonly CompiledIntercept[];
  readonly wiretaps: readonly CompiledWiretap[];
  /** Nobody asks for single requests. */
  readonly isPassive: boolean;
}

/** Routes that leave everything to the app. */
export const noRoutes: RouteTable = { intercepts: new Map(), tcp: undefined, http: [], wiretaps: [], isPassive: true };

/** Compiles the routes of a port. Fails with `bad-match`, having changed nothing. */
export function compileRoutes(routes: PortRoutes): RouteTable {
  const intercepts = routes.intercepts.map(compileIntercept);
  const first = intercepts[0];
  const tcp = first?.isWhole ? first : undefined;
  return {
    intercepts: new Map(intercepts.map((intercept) => [intercept.id, intercept])),
    tcp,
    http: tcp ? [] : intercepts,
    wiretaps: routes.wiretaps.map(compileWiretap),
    isPassive: (tcp !== undefined || intercepts.length === 0) && routes.wiretaps.length === 0,
  };
}

/** The intercept that a request goes to; undefined: to the app. */
export function interceptFor(request: RequestView, table: RouteTable): CompiledIntercept | undefined {
  return table.http.find((intercept) => intercept.wants(request));
}

function compileIntercept(route: InterceptRoute): CompiledIntercept {
  const match = route.match && compileMatch(route.match);
  const { id, toggle, includeProbes } = route;
  const wants = (request: RequestView): boolean =>
    (!match || match.matches(request)) && (includeProbes || !isKubeletProbe(request));
  return { id, toggle, includeProbes, isWhole: !match, match: route.match, wants };
}

function compileWiretap(route: WiretapRoute): CompiledWiretap {
  const match = route.match && compileMatch(route.match);
  return { id: route.id, isWhole: !match, wants: (request) => !match || match.matches(request) };
}
