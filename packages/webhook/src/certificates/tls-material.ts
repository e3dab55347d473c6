/** What a server serves with, and by what its clients know it. All PEM. */
export interface TlsMaterial {
  /** The server's certificate, followed by what links it to an authority. */
  readonly certificate: string;
  /** Never logged. */
  readonly privateKey: string;
  /** The authorities to trust: several while one takes over from another. Empty: those that everybody trusts. */
  readonly caBundle: string;
}
