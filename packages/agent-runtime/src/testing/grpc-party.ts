import {
  type ChannelCredentials,
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';

const same = (bytes: Buffer): Buffer => bytes;

function method(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/shop.Shop/${name}`,
    requestStream,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

/** A service whose messages are bytes as they are. */
const service = {
  unary: method('Unary', false, false),
  download: method('Download', false, true),
  upload: method('Upload', true, false),
  talk: method('Talk', true, true),
  never: method('Never', false, false),
} satisfies ServiceDefinition;

/** A real gRPC server of @grpc/grpc-js that says who it is in each answer. */
export class GrpcParty implements AsyncDisposable {
  readonly name: string;
  port = 0;
  /** Calls that the client gave up, as the server saw it. */
  cancelled = 0;
  /** Calls that began. */
  begun = 0;
  readonly #server = new Server();

  private constructor(name: string) {
    this.name = name;
    this.#server.addService(service, {
      unary: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
        this.begun += 1;
        const fails = call.metadata.get('x-fail')[0];
        const trailer = new Metadata();
        trailer.set('x-from', name);
        if (fails) done({ code: status.FAILED_PRECONDITION, details: String(fails), metadata: trailer });
        else done(null, Buffer.from(`${name} ${String(call.request)}`), trailer);
      },
      download: (call: ServerWritableStream<Buffer, Buffer>) => {
        const [size = 0, count = 0] = String(call.request).split('x').map(Number);
        for (let at = 0; at < count; at += 1) call.write(Buffer.alloc(size, `${name} ${at} `));
        call.end();
      },
      upload: (call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
        let bytes = 0;
        call.on('data', (message: Buffer) => {
          bytes += message.length;
        });
        call.on('end', () => done(null, Buffer.from(`${name} ${bytes}`)));
      },
      talk: (call: ServerDuplexStream<Buffer, Buffer>) => {
        this.begun += 1;
        call.on('data', (message: Buffer) => call.write(Buffer.from(`${name} ${String(message)}`)));
        call.on('end', () => call.end());
        call.on('cancelled', () => {
          this.cancelled += 1;
        });
        call.on('error', () => {});
      },
      never: (call: ServerUnaryCall<Buffer, Buffer>) => {
        this.begun += 1;
        call.on('cancelled', () => {
          this.cancelled += 1;
        });
      },
    });
  }

  /** Starts one. */
  static async start(name: string): Promise<GrpcParty> {
    const party = new GrpcParty(name);
    party.port = await new Promise<number>((resolve, reject) => {
      party.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
    return party;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }
}

const plain: ChannelCredentials = credentials.createInsecure();

/** A real gRPC client with one connection. */
export function grpcClient(port: number): Client & Disposable {
  const client = new Client(`127.0.0.1:${port}`, plain, { 'grpc.use_local_subchannel_pool': 1 });
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

/** A service's method, for {@link Client.makeUnaryRequest} and its like. */
export const shopMethods = service;

/** Metadata with these entries. */
export function metadata(entries: Record<string, string> = {}): Metadata {
  const made = new Metadata();
  for (const [name, value] of Object.entries(entries)) made.set(name, value);
  return made;
}
