import { type AgentConfig, type ConfigChange, MemoryLogger, type WorkloadKey } from '@fairlead/core';
import { Reading } from '@fairlead/core/conformance';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type ConnectedServer, connectMemory } from '../testing/connect-memory.ts';
import type { StoredObject } from '../testing/object-store.ts';
import { ConfigMapAgentConfigStore } from './config-map-agent-config-store.ts';

const maps = 'v1/configmaps';
const cart: WorkloadKey = { namespace: 'shop', kind: 'Deployment', name: 'cart' };
const till: WorkloadKey = { ...cart, name: 'till' };

describe('the ConfigMap of agent configs', () => {
  it('is labelled as ours and holds JSON under keys of kind and name, a field on each line', async () => {
    await using made = await connectMemory();

    await new ConfigMapAgentConfigStore(made.connection).write(cart, aConfig());

    const map = mapOf(made);
    expect(map?.metadata.labels).toEqual({ 'app.kubernetes.io/managed-by': 'fairlead' });
    expect(Object.keys(map?.data ?? {})).toEqual(['deployment.cart']);
    const text = map?.data?.['deployment.cart'] ?? '';
    expect(text).toContain('\n "agentName": "cart",\n');
    expect(JSON.parse(text)).toEqual(aConfig());
  });

  it('may hold YAML, as somebody writes by hand', async () => {
    await using made = await connectMemory();
    const store = new ConfigMapAgentConfigStore(made.connection);
    await store.write(till, aConfig());
    const config = aConfig({ logLevel: 'debug' });

    edit(made, { 'deployment.cart': `# while we look for the cause\n${stringify(config)}` });

    expect((await store.read(cart))?.config).toEqual(config);
  });

  it('is made with the first entry and goes with the last one', async () => {
    await using made = await connectMemory();
    const store = new ConfigMapAgentConfigStore(made.connection, { companions: () => ({ 'ca.crt': 'PEM' }) });
    await store.write(cart, aConfig());
    await store.write(till, aConfig());

    await store.delete(cart);
    expect(mapOf(made)).toBeDefined();
    await store.delete(till);

    expect(mapOf(made)).toBeUndefined();
  });

  it('stays when somebody has put something else into it', async () => {
    await using made = await connectMemory();
    const store = new ConfigMapAgentConfigStore(made.connection);
    await store.write(cart, aConfig());
    edit(made, { note: 'of ours' });

    await store.delete(cart);

    expect(mapOf(made)?.data).toEqual({ note: 'of ours' });
  });

  it('carries what stands beside the entries, and keeps it fresh', async () => {
    await using made = await connectMemory();
    let ca = 'old';
    const store = new ConfigMapAgentConfigStore(made.connection, { companions: () => ({ 'ca.crt': ca }) });
    await store.refreshCompanions('shop');
    expect(mapOf(made)).toBeUndefined();
    await store.write(cart, aConfig());

    ca = 'new';
    await store.refreshCompanions('shop');

    expect(mapOf(made)?.data).toMatchObject({ 'ca.crt': 'new', 'deployment.cart': expect.any(String) });
    expect(await store.list('shop')).toHaveLength(1);
  });

  it('is called as the option says, and the option is named when the map belongs to another', async () => {
    await using made = await connectMemory();
    const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
    made.server.store.add(maps, { metadata: { name: 'telepresence-agents', namespace: 'shop', labels } });

    await expect(new ConfigMapAgentConfigStore(made.connection).write(cart, aConfig())).rejects.toMatchObject({
      code: 'foreign-store',
      message: expect.stringContaining('made by Helm'),
      hint: expect.stringContaining('agentsConfigMap'),
    });

    const other = new ConfigMapAgentConfigStore(made.connection, { agentsConfigMap: 'fairlead-agents' });
    await other.write(cart, aConfig());
    expect(mapOf(made, 'fairlead-agents')).toBeDefined();
  });

  it('of another manager looks empty', async () => {
    await using made = await connectMemory();
    const data = { 'deployment.cart': 'agentName: of another' };
    made.server.store.add(maps, { metadata: { name: 'telepresence-agents', namespace: 'shop' }, data } as never);
    const store = new ConfigMapAgentConfigStore(made.connection);

    expect(await store.read(cart)).toBeUndefined();
    expect(await store.list('shop')).toEqual([]);
  });

  it('is written once more when somebody else changed another entry in between', async () => {
    await using made = await connectMemory();
    const store = new ConfigMapAgentConfigStore(made.connection);
    const { revision } = await store.write(cart, aConfig());
    let rivals = 0;
    made.server.answer = ({ method }) => {
      if (method === 'PUT' && rivals++ < 3) edit(made, { [`deployment.rival-${rivals}`]: 'x: 1' });
      return undefined;
    };

    await store.write(cart, aConfig({ hash: 'hash-2' }), revision);

    expect(rivals).toBe(4);
    expect(Object.keys(mapOf(made)?.data ?? {})).toHaveLength(4);
    expect((await store.read(cart))?.config.hash).toBe('hash-2');
  });

  it('knows an edit by hand as a new revision, and a change elsewhere as none', async () => {
    await using made = await connectMemory();
    const store = new ConfigMapAgentConfigStore(made.connection);
    const first = await store.write(cart, aConfig());
    await store.write(till, aConfig());
    expect((await store.read(cart))?.revision).toBe(first.revision);

    const text = mapOf(made)?.data?.['deployment.cart'] ?? '';
    edit(made, { 'deployment.cart': text.replace('info', 'debug') });

    await expect(store.write(cart, aConfig(), first.revision)).rejects.toMatchObject({ code: 'stale-write' });
    expect((await store.read(cart))?.config.logLevel).toBe('debug');
  });

  it('is not written when nothing changes', async () => {
    await using made = await connectMemory();
    const store = new ConfigMapAgentConfigStore(made.connection);
    const { revision } = await store.write(cart, aConfig());

    const again = await store.write(cart, aConfig(), revision);

    expect(again.revision).toBe(revision);
    expect(made.server.received('PUT', '/telepresence-agents')).toEqual([]);
  });

  it('refuses what does not fit any more, and says how full it is', async () => {
    await using made = await connectMemory();
    const store = new ConfigMapAgentConfigStore(made.connection);
    await store.write(cart, aConfig());

    const writing = store.write(till, aConfig({ agentImage: 'x'.repeat(1024 * 1024) }));

    await expect(writing).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringMatching(/ConfigMap telepresence-agents in namespace shop is full: .* at most 1048576/),
      hint: expect.stringContaining('spread the workloads over namespaces'),
    });
    expect(await store.read(till)).toBeUndefined();
  });

  it('fails at once, not after thirty attempts, where there is no namespace', async () => {
    await using made = await connectMemory();
    const body = { kind: 'Status', reason: 'NotFound', message: 'namespaces "shop" not found' };
    made.server.answer = ({ method }) => (method === 'POST' ? { status: 404, body } : undefined);

    const writing = new ConfigMapAgentConfigStore(made.connection).write(cart, aConfig());

    await expect(writing).rejects.toMatchObject({ code: 'not-found' });
    expect(made.server.received('POST', '/configmaps')).toHaveLength(1);
  });
});

describe('an entry that cannot be read', () => {
  const broken = { 'deployment.cart': 'agentName: [' };

  it('fails when it is read, and names map and entry', async () => {
    await using made = await connectMemory();
    const store = new ConfigMapAgentConfigStore(made.connection);
    await store.write(till, aConfig());
    edit(made, broken);

    await expect(store.read(cart)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringMatching(/entry deployment.cart of ConfigMap telepresence-agents in namespace shop: /),
      hint: expect.stringContaining('kubectl -n shop edit configmap telepresence-agents'),
    });
  });

  it('is left out of lists, with a warning, and does not hide the others', async () => {
    await using made = await connectMemory();
    const logger = new MemoryLogger();
    const store = new ConfigMapAgentConfigStore(made.connection, { logger });
    await store.write(till, aConfig());
    edit(made, broken);

    expect((await store.list('shop')).map(({ key }) => key.name)).toEqual(['till']);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { entry: 'deployment.cart' } }]);
  });

  it('is not told to a watcher: its last good state stands until it is mended or gone', async () => {
    await using made = await connectMemory();
    const store = new ConfigMapAgentConfigStore(made.connection);
    await store.write(cart, aConfig());
    await store.write(till, aConfig());
    const stop = new AbortController();
    const reading = new Reading(store.watch('shop', { signal: stop.signal }));
    await reading.until((seen) => expect(seen.map(wordOf)).toEqual(['+cart hash-1', '+till hash-1']));

    edit(made, broken);
    await store.write(till, aConfig({ hash: 'hash-2' }), (await store.read(till))?.revision);
    await store.delete(cart);

    const wanted = ['+cart hash-1', '+till hash-1', '+till hash-2', '-cart'];
    await reading.until((seen) => expect(seen.map(wordOf)).toEqual(wanted));
    stop.abort();
    await reading.ended();
  });

  it('can be deleted', async () => {
    await using made = await connectMemory();
    const store = new ConfigMapAgentConfigStore(made.connection);
    await store.write(till, aConfig());
    edit(made, broken);

    await store.delete(cart);

    expect(await store.read(cart)).toBeUndefined();
  });
});

function wordOf(change: ConfigChange): string {
  return change.type === 'stored' ? `+${change.entry.key.name} ${change.entry.config.hash}` : `-${change.key.name}`;
}

type StoredMap = StoredObject & { readonly data?: Readonly<Record<string, string>> };

function mapOf(made: ConnectedServer, name = 'telepresence-agents'): StoredMap | undefined {
  return made.server.store.get(maps, 'shop', name);
}

/** Changes the map as somebody with an editor does. */
function edit(made: ConnectedServer, changes: Readonly<Record<string, string>>): void {
  const map = mapOf(made) as StoredMap;
  made.server.store.put(maps, map, { ...map, data: { ...map.data, ...changes } } as never);
}

function aConfig(changes: Partial<AgentConfig> = {}): AgentConfig {
  return {
    schemaVersion: 1,
    hash: 'hash-1',
    agentName: 'cart',
    agentImage: 'registry.example/agent:1',
    namespace: 'shop',
    workloadName: 'cart',
    workloadKind: 'Deployment',
    managerHost: 'fairlead-manager.fairlead',
    managerPort: 8081,
    logLevel: 'info',
    containers: [],
    ...changes,
  };
}
