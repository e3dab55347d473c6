import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { FairleadError } from '@fairlead/core';

/** What a call of a hook needs. */
export interface HookCall {
  /** `https://fairlead-manager.fairlead.svc/uninstall`. */
  readonly url: URL;
  /** Proves who calls. A secret. */
  readonly token: string;
  /** The authorities by which the traffic-manager is known, as PEM. */
  readonly ca: string;
  readonly signal: AbortSignal;
}

/** What the traffic-manager answered. */
export interface HookAnswer {
  readonly status: number;
  readonly body: string;
}

const maxBodyBytes = 64 * 1024;

/** Has a hook run, and resolves when it has ended. Fails with `unreachable`, or with the signal's reason. */
export async function callHook({ url, token, ca, signal }: HookCall): Promise<HookAnswer> {
  signal.throwIfAborted();
  const headers = { authorization: `Bearer ${token}`, 'content-length': '0' };
  const sent = request(url, { method: 'POST', headers, ca, agent: false, signal });
  try {
    const response = await responseTo(sent);
    return { status: response.statusCode ?? 0, body: await readBody(response) };
  } catch (cause) {
    signal.throwIfAborted();
    throw FairleadError.from(cause, 'unreachable', `cannot reach the traffic-manager at ${url.host}`);
  }
}

function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve);
    sent.on('error', reject);
    sent.end();
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body = (body + chunk).slice(0, maxBodyBytes);
  return body;
}
