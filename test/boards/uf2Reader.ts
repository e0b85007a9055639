/**
 * Reads a UF2 file as strictly as a boot ROM could: every field of every block (github.com/microsoft/uf2, "File
 * format").
 */

export interface Uf2 {
  familyId: number;
  address: number;
  bytes: Uint8Array;
}

/** Throws, with the block, when a field is not what a whole file of one family in one piece has. */
export function readUf2(file: Uint8Array): Uf2 {
  if (file.length === 0 || file.length % 512 !== 0) throw new Error(`UF2: ${file.length} bytes are no blocks of 512`);
  const count = file.length / 512;
  const word = (block: number, index: number) =>
    new DataView(file.buffer, file.byteOffset + block * 512).getUint32(index * 4, true);
  const [address, familyId] = [word(0, 3), word(0, 7)];
  const bytes = new Uint8Array(count * 256);
  for (let i = 0; i < count; i++) {
    const expected = [0x0a324655, 0x9e5d5157, 0x2000, address + i * 256, 256, i, count, familyId];
    for (const [index, value] of [...expected.entries(), [127, 0x0ab16f30]]) {
      if (word(i, index) !== value) throw new Error(`UF2: block ${i}, word ${index}: expected ${value}`);
    }
    const block = file.subarray(i * 512, (i + 1) * 512);
    if (block.subarray(32 + 256, 508).some((byte) => byte !== 0)) throw new Error(`UF2: block ${i}: padding not zero`);
    bytes.set(block.subarray(32, 32 + 256), i * 256);
  }
  return { familyId, address, bytes };
}
