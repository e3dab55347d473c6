import { createSystemClock, SilentLogger } from '@fairlead/core';
import { describeTrafficProxy } from '@fairlead/core/conformance';
import { HttpParty } from '../testing/http-party.ts';
import { MemoryDiverter } from '../testing/memory-diverter.ts';
import { RawClient } from '../testing/raw-client.ts';
import { NodeTrafficProxy } from './node-traffic-proxy.ts';

describeTrafficProxy('NodeTrafficProxy', {
  create: async () => {
    const app = await HttpParty.start('app', (_request, response) => {
      response.end('app');
      return true;
    });
    const diverter = new MemoryDiverter();
    const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });
    return {
      proxy: new NodeTrafficProxy({ diverter, clock, logger: new SilentLogger() }),
      app: { host: '127.0.0.1', port: app.port },
      answer: (intercept, body) => {
        if (body === undefined) {
          diverter.holders.set(intercept, (stream) => stream.refuse());
          return;
        }
        diverter.holders.set(intercept, (stream) => {
          stream.accept();
          stream.once('finish', () => stream.push(null));
          let answered = 0;
          stream.onReceived = (received) => {
            for (; answered < received.split('\r\n\r\n').length - 1; answered += 1) {
              stream.answer(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
            }
          };
        });
      },
      call: async (port) => {
        const client = await RawClient.connect(port);
        return {
          ask: async (headers = {}) => {
            const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
            return (await client.ask(`GET / HTTP/1.1\r\nHost: shop\r\n${lines.join('')}\r\n`)).body;
          },
          close: () => client.socket.destroy(),
        };
      },
      copied: (wiretap) => (diverter.taps.get(wiretap) ?? []).map(({ text }) => text).join(''),
      [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
    };
  },
});
