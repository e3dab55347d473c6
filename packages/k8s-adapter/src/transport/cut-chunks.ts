/** The bytes of `chunks` in groups of `maxBytes`, the last of which may be smaller. They are not copied. */
export function cutChunks(chunks: readonly Buffer[], maxBytes: number): Buffer[][] {
  const groups: Buffer[][] = [];
  let room = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (room === 0) {
        groups.push([]);
        room = maxBytes;
      }
      const piece = chunk.subarray(at, at + room);
      groups.at(-1)?.push(piece);
      at += piece.length;
      room -= piece.length;
    }
  }
  return groups;
}
