import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { aConfig, aConnection } from '../testing/an-agent.ts';
import { readAgentSettings } from './read-settings.ts';

const pod = { _TEL_AGENT_POD_NAME: 'cart-1', _TEL_AGENT_POD_UID: 'uid-1', _TEL_AGENT_POD_IP: '10.0.0.7' };

/** Files of an agent, gone with the test. */
function files(config: string, token = 'secret\n'): { FAIRLEAD_AGENT_CONFIG: string; FAIRLEAD_AGENT_TOKEN: string } {
  const directory = mkdtempSync(join(tmpdir(), 'agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const [configFile, tokenFile] = [join(directory, 'config.yaml'), join(directory, 'token')];
  writeFileSync(configFile, config);
  writeFileSync(tokenFile, token);
  return { FAIRLEAD_AGENT_CONFIG: configFile, FAIRLEAD_AGENT_TOKEN: tokenFile };
}

it('reads a config of JSON, and what the downward API tells', async () => {
  const config = aConfig(8081, [aConnection(9900, 8080)]);

  const settings = await readAgentSettings({
    ...pod,
    ...files(JSON.stringify(config)),
    _TEL_AGENT_HEALTH_PORT: '9901',
    _TEL_AGENT_DRAIN_MS: '500',
    FAIRLEAD_AGENT_READY_FILE: '/tmp/ready',
  });

  expect(settings).toMatchObject({
    config,
    pod: { name: 'cart-1', uid: 'uid-1', ip: '10.0.0.7' },
    healthPort: 9901,
    drainMs: 500,
    readyFile: '/tmp/ready',
  });
  expect(await settings.readToken()).toBe('secret');
});

it('reads a config of YAML', async () => {
  const yaml = `
namespace: shop
workloadName: cart
workloadKind: Deployment
containers:
  - name: app
    intercepts: [{ containerPortName: http, containerPort: 8080, agentPort: 9900 }]
`;

  const { config } = await readAgentSettings({ ...pod, ...files(yaml) });

  expect(config.containers[0]?.intercepts[0]).toMatchObject({ containerPort: 8080, agentPort: 9900, protocol: 'TCP' });
});

it('names all that is wrong at once', async () => {
  const raw = { ...aConfig(8081, []), namespace: '' };

  const reading = readAgentSettings({ ...files(JSON.stringify(raw)), _TEL_AGENT_HEALTH_PORT: 'x' });

  const message =
    /POD_NAME is not set.*POD_UID.*POD_IP.*HEALTH_PORT is "x".*namespace: wanted a text that is not empty/;
  await expect(reading).rejects.toMatchObject({ code: 'bad-config', message: expect.stringMatching(message) });
});

it('says which config cannot be read', async () => {
  const reading = readAgentSettings({ ...pod, FAIRLEAD_AGENT_CONFIG: '/nowhere/config.yaml' });

  await expect(reading).rejects.toMatchObject({ code: 'bad-config', message: expect.stringContaining('/nowhere/') });
});

it('reads the token anew each time, for it is renewed', async () => {
  const places = files(JSON.stringify(aConfig(8081, [])));
  const { readToken } = await readAgentSettings({ ...pod, ...places });
  expect(await readToken()).toBe('secret');

  writeFileSync(places.FAIRLEAD_AGENT_TOKEN, 'renewed');

  expect(await readToken()).toBe('renewed');
});
