import { once } from 'node:events';
import { connect, createServer, type IncomingHttpHeaders } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHeaders, spellHeaders } from './encode-headers.ts';
import { BadHeaderBlock, HeaderDecoder } from './header-decoder.ts';
import type { HeaderField } from './header-field.ts';
import { endOfText, huffmanCodes } from './huffman-code.ts';
import { decodeHuffman } from './huffman-decoder.ts';

const field = (name: string, value: string, isSecret = false): HeaderField => ({ name, value, isSecret });
const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });

/** Text in Huffman code, bit by bit. */
function inHuffman(text: string): Buffer {
  let bits = '';
  for (const octet of Buffer.from(text, 'latin1')) {
    const code = huffmanCodes[octet] as { bits: number; length: number };
    bits += code.bits.toString(2).padStart(code.length, '0');
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)));
}

/** The header blocks that Node's client sends for these requests, one after the other on one connection. */
async function blocksOfNode(requests: readonly Record<string, string | string[]>[]): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  const server: Server = createTcpServer((socket: Socket) => {
    let data = Buffer.alloc(0);
    socket.write(Buffer.from('000000040000000000', 'hex'));
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      data = Buffer.concat([data, bytes]);
      if (blocks.length === 0 && data.subarray(0, 3).toString() === 'PRI') data = data.subarray(24);
      for (let length = data.readUIntBE(0, 3); data.length >= 9 + length; length = data.readUIntBE(0, 3)) {
        if (data[3] === 1) blocks.push(Buffer.from(data.subarray(9, 9 + length)));
        data = data.subarray(9 + length);
        if (data.length < 9) break;
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on('error', () => {});
  for (const headers of requests) session.request(headers).on('error', () => {});
  while (blocks.length < requests.length) await new Promise((resolve) => setTimeout(resolve, 2));
  session.destroy();
  server.close();
  return blocks;
}

describe('header blocks', () => {
  it('that Node wrote with its tables and its Huffman code are read', async () => {
    const value = fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/);
    const requests = fc.array(fc.dictionary(fc.stringMatching(/^x-[a-z0-9]{1,12}$/), value, { maxKeys: 12 }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(requests, async (all) => {
        const decoder = new HeaderDecoder();
        const follower = new HeaderDecoder();

        const blocks = await blocksOfNode(all);

        blocks.forEach((block, at) => {
          follower.follow(block);
          const read = decoder.read(block);
          const own = read.filter(({ name }) => name.startsWith('x-'));
          expect(Object.fromEntries(own.map(({ name, value }) => [name, value]))).toEqual({ ...all[at] });
        });
      }),
      { numRuns: 20 },
    );
  });

  it('are followed as well as they are read', async () => {
    const blocks = await blocksOfNode(
      Array.from({ length: 40 }, (_, at) => ({ ':path': `/${at % 7}`, 'x-a': `a${at % 5}`, 'x-b': 'b'.repeat(at) })),
    );
    const follower = new HeaderDecoder();
    for (const block of blocks.slice(0, -1)) follower.follow(block);

    const last = follower.read(blocks.at(-1) as Buffer);

    expect(last).toContainEqual(field('x-a', 'a4'));
    expect(last).toContainEqual(field('x-b', 'b'.repeat(39)));
  });

  it('that we write are read by Node, whatever its tables hold', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer();
    server.on('stream', (_, headers) => seen.push(headers));
    let toServer: ((bytes: Buffer) => void) | undefined;
    const pipe = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    toServer = (bytes) => void pipe.push(bytes);
    server.emit('connection', pipe);
    toServer(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    toServer(Buffer.from('000000040000000000', 'hex'));
    const values = Array.from({ length: 8 }, (_, at) => `v${'ü~ {|}'.repeat(at * 20)}.`);
    values.forEach((value, at) => {
      const fields = [
        field(':method', 'GET'),
        field(':scheme', 'http'),
        field(':path', '/a'),
        field(':authority', 'x'),
      ];
      const block = encodeHeaders([...fields, field('x-v', value), field('cookie', 'a=1', true)], at % 2 === 0);
      const head = Buffer.alloc(9);
      head.writeUIntBE(block.length, 0, 3);
      head.writeUInt8(1, 3);
      head.writeUInt8(5, 4);
      head.writeUInt32BE(1 + at * 2, 5);
      toServer?.(Buffer.concat([head, block]));
    });
    while (seen.length < values.length) await new Promise((resolve) => setTimeout(resolve, 2));

    expect(seen.map((headers) => headers['x-v'])).toEqual(values);
    expect(seen[0]).toMatchObject({ cookie: 'a=1', ':path': '/a' });
    pipe.destroy();
  });

  it('read as they were written, secrets as secrets', () => {
    const name = fc.oneof(
      fc.constantFrom(':path', ':method', 'accept', 'cookie'),
      fc.stringMatching(/^[a-z-]{1,200}$/),
    );
    const fields = fc.array(fc.record({ name, value: latin1, isSecret: fc.boolean() }), { maxLength: 20 });
    fc.assert(
      fc.property(fields, fc.boolean(), (list, clears) => {
        expect(new HeaderDecoder().read(encodeHeaders(list, clears))).toEqual(list);
        expect(new HeaderDecoder().read(spellHeaders(list))).toEqual(list);
      }),
    );
  });

  it('that are no header blocks fail, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const decode = (): unknown => new HeaderDecoder().read(Buffer.from(bytes));
        try {
          decode();
        } catch (error) {
          expect(error).toBeInstanceOf(BadHeaderBlock);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('with a list that is far longer than the block are refused', () => {
    const decoder = new HeaderDecoder();
    const kept = Buffer.concat([
      Buffer.from([0x40, 1, 0x78, 0x7f, 0x80 | ((3000 - 127) % 128), (3000 - 127) >> 7]),
      Buffer.alloc(3000, 97),
    ]);
    decoder.read(kept);

    expect(() => decoder.read(Buffer.alloc(200, 0xbe))).toThrow('too many header fields');
  });
});

describe('the Huffman code', () => {
  it('is read back for any text', () => {
    fc.assert(
      fc.property(latin1, (text) => {
        const coded = inHuffman(text);
        expect(decodeHuffman(coded, 0, coded.length)).toBe(text);
      }),
    );
  });

  it('of every octet is the one that Node knows', async () => {
    // Node codes a value when that makes it shorter: rare octets are hidden among frequent ones.
    const octets = Array.from({ length: 256 }, (_, octet) => octet).filter((octet) => octet > 32 && octet !== 127);
    const values = octets.map((octet) => `${'a'.repeat(40)}${String.fromCharCode(octet)}${'a'.repeat(40)}`);
    const blocks = await blocksOfNode(values.map((value) => ({ 'x-v': value })));
    const decoder = new HeaderDecoder();

    const read = blocks.map((block) => decoder.read(block).find(({ name }) => name === 'x-v')?.value);

    expect(read).toEqual(values);
    expect(blocks.every((block) => block.length < 120)).toBe(true);
  });

  it('does not hold the end of a text, nor a whole octet of padding', () => {
    expect(decodeHuffman(Buffer.alloc(4, 255), 0, 4)).toBeUndefined();
    expect(decodeHuffman(Buffer.from([0x1f, 0xff]), 0, 2)).toBeUndefined();
    expect(decodeHuffman(Buffer.from([0x1f]), 0, 1)).toBe('a');
    expect(huffmanCodes[endOfText]).toEqual({ bits: 0x3fffffff, length: 30 });
  });
});
