/** Sizes of a linked firmware: what `size -A` and the linker's map say, as numbers. */

export interface SectionSize {
  name: string;
  bytes: number;
  address: number;
}

/** `size -A firmware.elf`: one section a line, name, bytes, address. */
export function parseSections(text: string): SectionSize[] {
  return [...text.matchAll(/^(\.\S+)\s+(\d+)\s+(\d+)$/gm)].map(([, name, bytes, address]) => ({
    name,
    bytes: Number(bytes),
    address: Number(address),
  }));
}

const IN_FLASH = ['.boot', '.vectors', '.image', '.text', '.data'];
const IN_RAM = ['.stack', '.data', '.bss'];

export interface Sizes {
  /** bytes of each section that takes flash, and of each that takes RAM */
  sections: { flash: Record<string, number>; ram: Record<string, number> };
  /** everything in flash: boot stage, vectors, image, code, initial values */
  flashBytes: number;
  /** everything in RAM: stack as reserved, data, arena and buffers */
  ramBytes: number;
  /** code and constants without image and vectors */
  textBytes: number;
}

export function sizes(sections: SectionSize[]): Sizes {
  const pick = (names: string[]) =>
    Object.fromEntries(sections.filter(({ name }) => names.includes(name)).map(({ name, bytes }) => [name, bytes]));
  const sum = (bytes: Record<string, number>) => Object.values(bytes).reduce((total, value) => total + value, 0);
  const [flash, ram] = [pick(IN_FLASH), pick(IN_RAM)];
  return { sections: { flash, ram }, flashBytes: sum(flash), ramBytes: sum(ram), textBytes: flash['.text'] ?? 0 };
}

/**
 * Bytes of code and constants that an object file has in the linked program, after unused sections are dropped.
 * A line of the map is " .text.name  0xaddress  0xbytes  object.o"; a long name puts a line break after itself.
 */
export function objectTextBytes(map: string, object: string): number {
  const linked = map.slice(map.indexOf('Linker script and memory map'));
  let total = 0;
  for (const [, bytes, path] of linked.matchAll(/^ \.(?:text|rodata)\S*\s+0x[0-9a-f]+\s+(0x[0-9a-f]+)\s+(\S+)$/gm)) {
    if (path === object) total += Number(bytes);
  }
  return total;
}
