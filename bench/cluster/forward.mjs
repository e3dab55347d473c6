/**
 * `forward.mjs NAMESPACE ADDRESS TUNNEL [HOST PORT NAME]`: a local port that leads to a Service through a session's tunnel, in a process
 * of its own; prints the port. TUNNEL is the way to the traffic-manager, see `kubernetes()`. If that is `direct`, HOST and PORT
 * are where it is; its certificate bears NAME and is of the authority in MANAGER_CA.
 */
import { kubernetes } from '@fairlead/k8s-adapter';
import { connect } from '@fairlead/sdk';

const [namespace, address, tunnel, host, port, servername] = process.argv.slice(2);
const direct = {
  managerAddress: { host, port: Number(port) },
  managerTls: { ca: process.env.MANAGER_CA, servername },
};
const session = await connect(kubernetes({ namespace, tunnel, ...(host && direct) }));
// Who holds something in a namespace may reach its Services; nothing of what is measured goes that way.
await session.intercept({ workload: 'deployment/aside', match: { headers: { 'x-nobody': session.key } }, to: 9 });
const forward = await session.forward(address);
console.log(forward.port);
process.once('SIGTERM', () => void session.close().then(() => process.exit(0)));
