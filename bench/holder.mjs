import { once } from 'node:events';
import { connect } from 'node:net';
import { wireVersion } from '@fairlead/core';
import { TunnelSession } from '@fairlead/tunnel';

/** The key of the session that holds the benchmark's intercepts. */
export const holderKey = 'bench';

const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n');

/** A session that answers every diverted request with the same few bytes. Requests without bodies only. */
export async function startHolder(relayPort) {
  const socket = connect({ port: relayPort, host: '127.0.0.1' });
  await once(socket, 'connect');
  const tunnel = new TunnelSession(socket, { role: 'dialer', onStream: (incoming) => serve(incoming.accept()) });
  const hello = { kind: 'session', v: wireVersion, id: holderKey, key: holderKey, version: '0.0.0' };
  const control = tunnel.open(Buffer.from(JSON.stringify(hello)));
  control.on('error', () => {});
  control.resume();
  await control.accepted;
  return { close: () => tunnel.close() };
}

function serve(stream) {
  let tail = '';
  stream.on('error', () => {});
  stream.on('end', () => stream.end());
  stream.on('data', (bytes) => {
    const heads = (tail + bytes.toString('latin1')).split('\r\n\r\n');
    tail = heads.pop() ?? '';
    for (const _ of heads) stream.write(answer);
  });
}
