import type { Duplex } from 'node:stream';
import { decodeSftpRequest, encodeSftpReply, type SftpExtension, SftpFrames, sftpVersion } from '@fairlead/core';
import type { AppTree } from './app-tree.ts';
import { FileService } from './file-service.ts';
import type { WorkSlots } from './work-slots.ts';

/** Requests of one client that may be under way. Until its answer has left, a request counts. */
const maxUnderWay = 32;

const extensions: readonly SftpExtension[] = [
  ['posix-rename@openssh.com', '1'],
  ['fsync@openssh.com', '1'],
];

/**
 * Speaks SFTP on a stream until it ends, and ends it when the client breaks the rules. A client that asks for more than it
 * reads is not read any more. Never rejects.
 */
export async function serveFiles(stream: Duplex, tree: AppTree, slots: WorkSlots): Promise<void> {
  const service = new FileService(tree, slots);
  const frames = new SftpFrames();
  let hasBegun = false;
  let underWay = 0;
  let proceed: (() => void) | undefined;
  const finished = (): void => {
    underWay -= 1;
    proceed?.();
  };
  const said = (packet: Uint8Array): void => {
    if (stream.writable) {
      stream.write(packet, (error) => {
        // One that failed may still be on its way somewhere.
        if (!error) service.sent(packet);
        finished();
      });
    } else finished();
  };
  const room = async (below: number): Promise<void> => {
    while (underWay >= below && !stream.destroyed) {
      await new Promise<void>((resolve) => {
        proceed = resolve;
      });
    }
  };
  stream.on('error', () => {});
  stream.once('close', () => proceed?.());
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      for (const packet of frames.take(chunk)) {
        const request = decodeSftpRequest(packet);
        underWay += 1;
        if (request.type === 'init') {
          if (hasBegun || request.version < sftpVersion) throw new RangeError('SFTP began in a way nobody knows');
          hasBegun = true;
          said(
            encodeSftpReply({ type: 'version', version: sftpVersion, extensions: [...extensions, volumesOf(tree)] }),
          );
        } else if (!hasBegun) throw new RangeError('SFTP did not begin');
        else void service.answer(request).then(said);
        await room(maxUnderWay);
      }
    }
    // What was asked before the end is still answered.
    await room(1);
    stream.end();
  } catch (error) {
    stream.destroy(error instanceof RangeError ? error : undefined);
  } finally {
    await service.close();
  }
}

/** Which volumes there are, for clients that want to know. */
function volumesOf({ volumes }: AppTree): SftpExtension {
  const told = volumes.map(({ mountPath, access }) => ({ path: mountPath, access }));
  return ['volumes@fairlead.dev', JSON.stringify(told)];
}
