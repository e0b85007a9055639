/** Thumb instructions, read from the lines of a disassembly: what a model of a pipeline has to know of each. */

/** What carries an instruction out. `shift`: extensions, bit fields and shifted operands, too. `hint`: IT and NOP. */
export type Unit = 'alu' | 'shift' | 'simd' | 'multiply' | 'divide' | 'load' | 'store' | 'branch' | 'hint';

export interface Instruction {
  address: number;
  /** address of the one behind it */
  next: number;
  /** without the width: "ldr" of "ldr.w" */
  mnemonic: string;
  unit: Unit;
  /** core registers, by number */
  reads: readonly number[];
  writes: readonly number[];
  /** of those that it reads: what a multiplication adds to, or null */
  accumulator: number | null;
  /** of those that it reads: what makes an address */
  addresses: readonly number[];
  /** words that a load or a store moves */
  words: number;
  /** whether they are several by its form: LDRD, STRD, and lists of registers */
  multiple: boolean;
  /** whether it may go on somewhere else than at `next` */
  branches: boolean;
}

const NAMES: Record<string, number> = { sb: 9, sl: 10, fp: 11, ip: 12, sp: 13, lr: 14, pc: 15 };
const [SP, LR, PC] = [13, 14, 15];
const REGISTER = /\b(?:r\d\d?|sb|sl|fp|ip|sp|lr|pc)\b/g;

const numberOf = (name: string): number => NAMES[name] ?? Number(name.slice(1));
const registersIn = (operands: string): number[] => (operands.match(REGISTER) ?? []).map(numberOf);

const CONDITIONS = 'eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le';
const BRANCH = new RegExp(`^(?:b|bl|bx|blx|cbz|cbnz|tbb|tbh|b(?:${CONDITIONS})|bx(?:${CONDITIONS}))$`);
const LIST = /^v?(?:push|pop|ldm|stm)/;
const LOAD = /^v?(?:ldr|ldm|pop)/;
const STORE = /^v?(?:str|stm|push)/;
const HINT = /^(?:it[te]*|nop)$/;
const COMPARE = /^(?:cmp|cmn|tst|teq)/;
const MULTIPLY = /^(?:mul|mla|mls|sml|smm|smu|smsd|umul|uml|umaal)/;
/** Those whose fourth operand is added to. */
const ACCUMULATES = /^(?:mla|mls|smmla|smmls|smla(?!l)|smlsd|smlsdx)/;
/** Those that make two words, and those of them that add to what was there. */
const LONG = /^(?:smull|umull|smlal|umlal|smlsld|umaal)/;
const LONG_SUM = /^(?:smlal|umlal|smlsld|umaal)/;
const SIMD = /^(?:[su]xta?b16|pkh|[qsu]h?(?:add|sub)(?:8|16)|[su]h?(?:asx|sax)|q[d]?(?:add|sub)|[su]sat|sel|rev|usad)/;
const SHIFT = /^(?:lsl|lsr|asr|ror|rrx|[su]xta?[bh]|[su]bfx|bfi|bfc)/;
const SHIFTED = /\b(?:lsl|lsr|asr|ror|rrx)\b/;
/** With two operands these make the first from the second; all others change the first. */
const MOVES = /^(?:mov(?!t)|mvn|neg|[su]xt|clz|rev|rbit)/;

/** One line of code: its address, that of the next, the mnemonic and the operands, as GNU's disassembler has them. */
export function decode(address: number, next: number, name: string, text: string): Instruction {
  const mnemonic = name.replace(/\.[nw]$/, '');
  const operands = text.replace(/[@<;].*$/, '').trim();
  const base = {
    address,
    next,
    mnemonic,
    accumulator: null,
    addresses: [],
    words: 0,
    multiple: false,
    branches: false,
  };
  const registers = registersIn(operands);
  if (HINT.test(mnemonic)) return { ...base, unit: 'hint', reads: [], writes: [] };
  if (BRANCH.test(mnemonic)) {
    const writes = /^blx?$/.test(mnemonic) ? [LR] : [];
    return { ...base, unit: 'branch', reads: registers, writes, branches: true };
  }
  if (LIST.test(mnemonic)) return { ...base, ...moveList(mnemonic, operands) };
  if (LOAD.test(mnemonic) || STORE.test(mnemonic)) return { ...base, ...moveWords(mnemonic, operands) };
  return { ...base, ...compute(mnemonic, operands, registers) };
}

type Moved = Pick<Instruction, 'unit' | 'reads' | 'writes' | 'addresses' | 'words' | 'multiple' | 'branches'>;

/** PUSH, POP, LDM, STM, and those of the floating-point registers, of which only the number counts. */
function moveList(mnemonic: string, operands: string): Moved {
  const [before, list] = operands.split('{');
  const names = (list ?? '').replace('}', '').split(',');
  const moved = names.flatMap((name) => range(name.trim()));
  const core = mnemonic.startsWith('v') ? [] : moved;
  const base = before.trim() === '' ? [SP] : registersIn(before);
  const loads = LOAD.test(mnemonic);
  const changed = before.trim() === '' || before.includes('!') ? base : [];
  return {
    unit: loads ? 'load' : 'store',
    reads: loads ? base : [...core, ...base],
    writes: loads ? [...core, ...changed] : changed,
    addresses: base,
    words: moved.length * (/^d/.test(names[0].trim()) ? 2 : 1),
    multiple: true,
    branches: loads && core.includes(PC),
  };
}

/** "r4-r7": 4 to 7; of floating-point registers, too. */
function range(text: string): number[] {
  const [first, last = first] = text.split('-').map((name) => NAMES[name] ?? Number(name.slice(1)));
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** LDR, STR, LDRD, STRD and their narrow forms. */
function moveWords(mnemonic: string, operands: string): Moved {
  const [moved, address = ''] = operands.split('[');
  const [data, addresses] = [registersIn(moved), registersIn(address)];
  const changed = /\]!|\],/.test(operands) ? addresses.slice(0, 1) : [];
  const loads = LOAD.test(mnemonic);
  const double = /^(?:ldrd|strd)/.test(mnemonic);
  return {
    unit: loads ? 'load' : 'store',
    reads: loads ? addresses : [...data, ...addresses],
    writes: loads ? [...data, ...changed] : changed,
    addresses,
    words: double ? 2 : 1,
    multiple: double,
    branches: loads && data.includes(PC),
  };
}

function compute(
  mnemonic: string,
  operands: string,
  registers: number[],
): Pick<Instruction, 'unit' | 'reads' | 'writes'> & {
  accumulator?: number;
  branches?: boolean;
} {
  const unit = unitOf(mnemonic, operands);
  if (COMPARE.test(mnemonic)) return { unit, reads: registers, writes: [] };
  if (LONG.test(mnemonic)) {
    const reads = LONG_SUM.test(mnemonic) ? registers : registers.slice(2);
    return { unit, reads, writes: registers.slice(0, 2) };
  }
  const writes = registers.slice(0, 1);
  if (ACCUMULATES.test(mnemonic) && registers.length === 4)
    return { unit, reads: registers.slice(1), writes, accumulator: registers[3] };
  const changes = /^(?:bf[ic]|movt)/.test(mnemonic) || (operands.split(',').length === 2 && !MOVES.test(mnemonic));
  return { unit, reads: changes ? registers : registers.slice(1), writes, branches: writes[0] === PC };
}

function unitOf(mnemonic: string, operands: string): Unit {
  if (MULTIPLY.test(mnemonic)) return 'multiply';
  if (/^[su]div/.test(mnemonic)) return 'divide';
  if (SIMD.test(mnemonic)) return 'simd';
  return SHIFT.test(mnemonic) || SHIFTED.test(operands) ? 'shift' : 'alu';
}
