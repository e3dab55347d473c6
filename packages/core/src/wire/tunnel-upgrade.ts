/** How a session asks the API server's proxy for a tunnel, and what the manager takes there. */
export const tunnelUpgrade: {
  /** The name of the port, of the manager's Service and of its pod. */
  readonly port: string;
  /** What is asked for on that port. */
  readonly path: string;
  /** What the connection is upgraded to: TLS, and the tunnel within. As in the header `upgrade`. */
  readonly protocol: string;
} = { port: 'proxied', path: '/tunnel', protocol: 'fairlead-tunnel' };
