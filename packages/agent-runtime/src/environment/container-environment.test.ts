import { type AgentContainer, type VariableOrigins, type VariablePolicy, variableOriginsName } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { containerEnvironment } from './container-environment.ts';

const container: AgentContainer = {
  name: 'app',
  envPrefix: 'A_',
  mountPoint: '/tel_app_mounts/app',
  mounts: ['/data', '/etc/app'],
  intercepts: [],
};
const nothing: VariablePolicy = { excluded: [], allowedSecrets: [] };

function told(
  environment: Readonly<Record<string, string>>,
  { policy = nothing, origins = {} }: { policy?: Partial<VariablePolicy>; origins?: Partial<VariableOrigins> } = {},
) {
  const said = JSON.stringify({ A_: { secrets: [], composed: {}, ...origins } });
  return containerEnvironment(container, { [variableOriginsName]: said, ...environment }, { ...nothing, ...policy });
}

describe("a container's environment", () => {
  it('row 34: has its own variables without prefix, those of Services, and nothing of the agent or other containers', () => {
    const environment = {
      PATH: '/bin',
      HOME: '/root',
      HOSTNAME: 'cart-1',
      NODE_VERSION: '20',
      _TEL_AGENT_POD_IP: '10.0.0.1',
      _TEL_APP_A_MODE: 'blue',
      _TEL_APP_A_B_X: 'ours',
      _TEL_APP_B_MODE: 'green',
      _TEL_APP_BA_MODE: 'red',
      ORDERS_SERVICE_HOST: '10.1.0.1',
      ORDERS_SERVICE_PORT: '80',
      ORDERS_SERVICE_PORT_WEB: '80',
      ORDERS_PORT: 'tcp://10.1.0.1:80',
      ORDERS_PORT_80_TCP: 'tcp://10.1.0.1:80',
      ORDERS_PORT_80_TCP_ADDR: '10.1.0.1',
      OTHER_PORT: '1',
    };

    expect(told(environment)).toEqual({
      container: 'app',
      variables: {
        B_X: 'ours',
        MODE: 'blue',
        ORDERS_PORT: 'tcp://10.1.0.1:80',
        ORDERS_PORT_80_TCP: 'tcp://10.1.0.1:80',
        ORDERS_PORT_80_TCP_ADDR: '10.1.0.1',
        ORDERS_SERVICE_HOST: '10.1.0.1',
        ORDERS_SERVICE_PORT: '80',
        ORDERS_SERVICE_PORT_WEB: '80',
      },
      withheld: [],
      excluded: 0,
      mounts: ['/data', '/etc/app'],
    });
  });

  it('has a variable of the container above one of a Service', () => {
    const { variables } = told({ DB_SERVICE_HOST: '10.1.0.1', _TEL_APP_A_DB_SERVICE_HOST: 'elsewhere' });

    expect(variables).toEqual({ DB_SERVICE_HOST: 'elsewhere' });
  });

  it('names what comes from Secrets, or is made of that, and keeps the values', () => {
    const answer = told(
      {
        _TEL_APP_A_MODE: 'blue',
        _TEL_APP_A_PASSWORD: 'keyed-secret',
        _TEL_APP_A_URL: 'db://keyed-secret@db',
        _TEL_APP_A_TOKEN: 'sourced-secret',
        _TEL_SECRET_A_TOKEN: 'sourced-secret',
        _TEL_APP_A_HEADER: 'Bearer sourced-secret',
        _TEL_APP_A_GREETING: 'hello blue',
      },
      {
        origins: {
          secrets: ['PASSWORD', 'OPTIONAL'],
          composed: { URL: ['PASSWORD'], HEADER: ['TOKEN'], GREETING: ['MODE'] },
        },
      },
    );

    expect(answer.withheld).toEqual(['HEADER', 'PASSWORD', 'TOKEN', 'URL']);
    expect(answer.variables).toEqual({ GREETING: 'hello blue', MODE: 'blue' });
    expect(JSON.stringify(answer)).not.toContain('-secret');
  });

  it('tells what a ConfigMap or the manifest has put over the value of a Secret', () => {
    expect(told({ _TEL_APP_A_MODE: 'blue', _TEL_SECRET_A_MODE: 'hidden' }).variables).toEqual({ MODE: 'blue' });
  });

  it('tells values of Secrets that are allowed, and what is made of allowed ones alone', () => {
    const environment = {
      _TEL_APP_A_DB_USER: 'u',
      _TEL_APP_A_DB_PASSWORD: 'p',
      _TEL_APP_A_LOGIN: 'u:p',
      _TEL_APP_A_NAME: 'u!',
    };
    const origins = {
      secrets: ['DB_USER', 'DB_PASSWORD'],
      composed: { LOGIN: ['DB_USER', 'DB_PASSWORD'], NAME: ['DB_USER'] },
    };
    const allowing = (...allowedSecrets: string[]) =>
      told(environment, { origins, policy: { allowedSecrets } }).variables;

    expect(allowing('*_USER')).toEqual({ DB_USER: 'u', NAME: 'u!' });
    expect(allowing('LOGIN')).toEqual({ LOGIN: 'u:p' });
    expect(allowing('*')).toEqual({ DB_USER: 'u', DB_PASSWORD: 'p', LOGIN: 'u:p', NAME: 'u!' });
  });

  it('row 61: neither tells nor names what is excluded, nor what is made of it, whatever else is allowed', () => {
    const environment = { _TEL_APP_A_AWS_KEY: 'k', _TEL_APP_A_ARN: 'arn:k', _TEL_APP_A_MODE: 'blue' };
    const origins = { secrets: ['AWS_KEY'], composed: { ARN: ['AWS_KEY'] } };

    const answer = told(environment, { origins, policy: { excluded: ['AWS_*'], allowedSecrets: ['*'] } });

    expect(answer).toMatchObject({ variables: { MODE: 'blue' }, withheld: [], excluded: 2 });
    expect(JSON.stringify(answer)).not.toMatch(/AWS|ARN/);
  });

  it('counts everything as from a Secret where the injector has not said where it comes from', () => {
    const environment = { _TEL_APP_A_MODE: 'blue', ORDERS_SERVICE_HOST: '10.1.0.1' };

    const answer = containerEnvironment(container, environment, nothing);

    expect(answer).toMatchObject({ variables: { ORDERS_SERVICE_HOST: '10.1.0.1' }, withheld: ['MODE'] });
  });
});
