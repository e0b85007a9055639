/** Zip archives for tests, as numpy.savez writes them and as nobody should. */

import { deflateRawSync } from 'node:zlib';
import { crc32Of } from './crc32.ts';

export interface Entry {
  name: string;
  content: Uint8Array;
  deflated?: boolean;
  /** fields of the list at the end, in place of the true ones */
  method?: number;
  flags?: number;
  crc?: number;
  unpacked?: number;
  packed?: number;
}

/** Local headers say 0xffffffff and have a record of zip64, whatever the size, as those of numpy.savez do. */
export function zip(entries: readonly Entry[], comment = ''): Buffer {
  const bodies: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const packed = entry.deflated ? deflateRawSync(entry.content) : Buffer.from(entry.content);
    const method = entry.method ?? (entry.deflated ? 8 : 0);
    const crc = entry.crc ?? crc32Of(entry.content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(45, 4);
    local.writeUInt16LE(entry.flags ?? 0, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(crc, 14);
    local.writeUInt32LE(0xffffffff, 18);
    local.writeUInt32LE(0xffffffff, 22);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(20, 28);
    const extra = Buffer.alloc(20);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(16, 2);
    extra.writeBigUInt64LE(BigInt(entry.content.length), 4);
    extra.writeBigUInt64LE(BigInt(packed.length), 12);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(entry.flags ?? 0, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(crc, 16);
    central.writeUInt32LE(entry.packed ?? packed.length, 20);
    central.writeUInt32LE(entry.unpacked ?? entry.content.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(at, 42);
    list.push(central, name);
    bodies.push(local, name, extra, packed);
    at += 30 + name.length + 20 + packed.length;
  }
  const end = Buffer.alloc(22);
  const listBytes = Buffer.concat(list);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listBytes.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...bodies, listBytes, end, Buffer.from(comment)]);
}
