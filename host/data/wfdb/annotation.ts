/**
 * WFDB annotations (.atr, MIT format): what was seen, and when.
 * Specification: WFDB Applications Guide, annot(5). An annotation is a 16-bit word: code in the upper 6 bits, time
 * since the one before in the lower 10.
 */

import { textOf } from './files.ts';

export interface Annotation {
  /** in ticks since the start of the record; see timeResolution */
  time: number;
  /** 'N', 'V', '+', ...; [42] for a code without a symbol of its own */
  symbol: string;
  subtype: number;
  /** signal that it is about, in a file that tells signals apart; else 0 */
  channel: number;
  number: number;
  aux: string;
}

/** Symbols of ecgcodes.h by number. */
const SYMBOLS = ' ,N,L,R,a,V,F,J,A,S,E,j,/,Q,~,,|,,s,T,*,D,",=,p,B,^,t,+,u,?,!,[,],e,n,@,x,f,(,),r'.split(',');
const LAST_CODE = 49;
const SKIP = 59;
const NUM = 60;
const SUB = 61;
const CHN = 62;
const AUX = 63;
const NOTE = '"';

/** Throws for a file that is cut short, for one in AHA format and for codes that annot(5) does not have. */
export function decodeAnnotations(bytes: Uint8Array, where: string): Annotation[] {
  refuseAha(bytes, where);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const annotations: Annotation[] = [];
  let time = 0;
  let channel = 0;
  let number = 0;
  let at = 0;
  while (at + 2 <= bytes.length) {
    const word = view.getUint16(at, true);
    if (word === 0) return annotations;
    const code = word >> 10;
    const value = word & 0x3ff;
    const refused = (expected: string, got: string | number): Error =>
      new Error(`${where}: byte ${at}: expected ${expected}, got ${got}; fetch the file again`);
    const last = annotations.at(-1);
    if (code >= NUM && !last && code !== NUM && code !== CHN)
      throw refused('an annotation before SUB or AUX', `code ${code}`);
    if (code === SKIP) {
      if (value !== 0) throw refused('0 in the lower bits of SKIP', value);
      if (at + 6 > bytes.length) break;
      // A signed 32-bit interval in PDP-11 order: upper half first, each half little-endian.
      time += (view.getInt16(at + 2, true) << 16) | view.getUint16(at + 4, true);
      at += 4;
    } else if (code === NUM) {
      number = value;
      if (last) last.number = value;
    } else if (code === SUB) {
      last!.subtype = signExtend10(value);
    } else if (code === CHN) {
      channel = value;
      if (last) last.channel = value;
    } else if (code === AUX) {
      if (value > 255) throw refused('AUX of at most 255 bytes', value);
      if (at + 2 + value > bytes.length) break;
      last!.aux = textOf(withoutZeros(bytes.subarray(at + 2, at + 2 + value)));
      at += value + (value & 1);
    } else if (code <= LAST_CODE) {
      time += value;
      // NUM and CHN hold until they change, SUB and AUX belong to one annotation. Code 0 only passes time.
      if (code > 0)
        annotations.push({ time, symbol: SYMBOLS[code] || `[${code}]`, subtype: 0, channel, number, aux: '' });
    } else {
      throw refused(`an annotation code of at most ${LAST_CODE}, or 59 to 63`, code);
    }
    at += 2;
  }
  throw new Error(
    `${where}: expected a zero word at the end of the annotations, ` +
      `got the end of the file at byte ${bytes.length}; it is cut short, fetch it again`,
  );
}

/** Writers end text with a zero, or do not. */
const withoutZeros = (text: Uint8Array): Uint8Array => text.subarray(0, text.findLastIndex((byte) => byte !== 0) + 1);

/** AHA format has 16 bytes an annotation: a zero, a letter, ... No file in MIT format begins like that. */
function refuseAha(bytes: Uint8Array, where: string): void {
  if (bytes.length >= 16 && bytes[0] === 0 && 'NVFREPQUO'.includes(String.fromCharCode(bytes[1]!)))
    throw new Error(
      `${where}: expected annotations in MIT format, got AHA format (16 bytes each); convert them, ` +
        'with rdann and wrann for example',
    );
}

const TIME_RESOLUTION = '## time resolution:';
/** What was meant to be such a note, however it is spelled: readers of WFDB pass over it. */
const LIKE_TIME_RESOLUTION = /^[\s#]*time[\s_-]*resolution\b/i;

/**
 * Ticks per second of the annotations' times, if they say so themselves: a note at time 0, "## time resolution: 720".
 * null: they count the frames of the record.
 */
export function timeResolution(annotations: readonly Annotation[], where: string): number | null {
  const notes = annotations.filter(({ aux }) => LIKE_TIME_RESOLUTION.test(aux));
  const [note, second] = notes;
  if (!note) return null;
  if (second && second.aux !== note.aux)
    throw new Error(`${where}: expected one time resolution, got "${note.aux}" and "${second.aux}"; keep one`);
  const isSpelled = note.aux.startsWith(TIME_RESOLUTION) && note.symbol === NOTE && note.subtype === 0;
  const ticks = Number(note.aux.slice(TIME_RESOLUTION.length).trim() || Number.NaN);
  if (isSpelled && note.time === 0 && Number.isFinite(ticks) && ticks > 0) return ticks;
  throw new Error(
    `${where}: expected a note at time 0 with ticks per second above 0, as "${TIME_RESOLUTION} 360", ` +
      `got "${note.aux}" at time ${note.time} (${note.symbol}, subtype ${note.subtype}); correct it`,
  );
}

/**
 * A file can define symbols of its own, in notes at time 0 such as "42 X a spike". Throws where it gives a code that
 * has a symbol another one: beats would not be what they are called.
 */
export function refuseRedefinitions(annotations: readonly Annotation[], where: string): void {
  for (const { aux, time, symbol } of annotations) {
    if (time !== 0 || symbol !== NOTE) continue;
    const [, code, defined] = /^\s*(\d+)\s+(\S+)/.exec(aux) ?? [];
    const standard = SYMBOLS[Number(code)];
    if (standard && defined !== standard)
      throw new Error(
        `${where}: annotation code ${code}: expected "${standard}", as everywhere, got the definition "${defined}"; ` +
          'give it a code of its own, 42 to 49',
      );
  }
}

const signExtend10 = (value: number): number => (value << 22) >> 22;
