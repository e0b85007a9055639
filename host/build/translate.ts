/**
 * wasm2c's output, cut down to what is ours: the translated functions. wasm2c surrounds them with a run-time template,
 * an instance and linear memory, which the identity base does without (boards/common/w2c_prelude.h).
 *
 * Works on text, and on the text of one release: it checks every landmark that it cuts at, and that nothing of the
 * instance is left over, so that another release fails here and not on a device.
 */

export interface Origin {
  variant: string;
  /** e.g. "wasm2c 1.0.39" */
  tools: string[];
}

function landmark(text: string, pattern: RegExp, what: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (found) return found;
  throw new Error(`wasm2c output: expected ${what}, found none; is wabt the version that package.json pins?`);
}

/** `static u32 w2c_htpw_step_0(w2c_htpw*, u32, u32);`, one a line. */
function prototypes(text: string): string[] {
  const found = text.match(/^static \w+ w2c_htpw_\w+\(w2c_htpw\*.*\);$/gm);
  if (!found) throw new Error('wasm2c output: expected function prototypes, found none; is wabt the pinned version?');
  return found;
}

/** Which function each export stands for; functions that compile to the same code are merged by asc. */
function exportMap(text: string): [name: string, target: string][] {
  const wrappers = text.matchAll(
    /^\/\* export: '(\w+)' \*\/\n\w+ w2c_htpw_\w+\(w2c_htpw\* instance.*\) \{\n([\s\S]*?)^\}$/gm,
  );
  const map: [string, string][] = [];
  for (const [, name, body] of wrappers) {
    map.push([name, landmark(body, /\b(w2c_htpw_\w+)\(instance/, `a call in the wrapper of export ${name}`)[1]]);
  }
  return map;
}

function bodies(text: string): string {
  const last = landmark(text, /^wasm_rt_func_type_t wasm2c_htpw_get_func_type[\s\S]*?^\}$/m, 'get_func_type');
  return text.slice(last.index + last[0].length).trim();
}

/** `w2c_htpw_assembly0x2Fopen0x2FopenHeader` is openHeader of assembly/open.ts: open_openHeader. */
function readableNames(code: string): string {
  const originals = new Map<string, string>();
  return code.replaceAll(/\bw2c_htpw_(\w+)/g, (original, mangled: string) => {
    const name = mangled.replace(/^assembly0x2F/, '').replaceAll(/0x2[EF]/g, '_');
    const known = originals.get(name) ?? original;
    if (known !== original) throw new Error(`wasm2c output: ${known} and ${original} would both be ${name}`);
    originals.set(name, original);
    return name;
  });
}

function withoutInstance(text: string): string {
  return text
    .replaceAll(/w2c_htpw\*( instance)?, /g, '')
    .replaceAll(/w2c_htpw\*( instance)?(?=\))/g, 'void')
    .replaceAll('&instance->w2c_memory, ', '')
    .replaceAll(/instance->w2c_\w+_instance(, )?/g, '')
    .replaceAll(/\binstance, /g, '')
    .replaceAll('(instance)', '()');
}

/**
 * What runs once per image or program is compiled for size: the proof, the work, binding, checks. Proofs stand in
 * open*.ts and bounds.ts, those of operators and weights beside what they protect, under names that begin with `prove`,
 * and what making weights takes under names that begin with `workOf`.
 */
const COLD_NAMES = [
  'open',
  'bounds',
  'work',
  'crc320x2Ffill',
  '(index|arena)0x2Fbind',
  'stream0x2F(streamed|can|touches|reset)',
  'executor0x2Fcheck',
  'operators0x2Fdispatch0x2F(?!run)',
  '\\w+0x2F(prove|workOf)',
];
const COLD = new RegExp(`^(?:\\w+ )+w2c_htpw_assembly0x2F(${COLD_NAMES.join('|')})`);

/** What asks for a feature that its caller names has its answer only there, and leaves nothing behind. */
const BUILT_IN = /^(?:\w+ )+\w+0x2Fis(Kind|Source|Encoding)\(/;

/** What straight code is inlined for: instructions, and the requantisation of vectors. */
const STRAIGHT = /w2c_dsp_(smlad|smmlar)|w2c_mve_|table0x2Emve0x2F(settle|storeEight)/;

/**
 * Kernels are cut so that a loop fits the registers, and what it calls for each value is straight code: the one keeps
 * its registers to itself, the other costs no call, whatever the compiler's own estimate says.
 */
function inlining(body: string): string {
  if (COLD.test(body)) return '__attribute__((cold)) ';
  if (/^ *var_L\d+:[\s\S]*goto/m.test(body)) return '__attribute__((noinline)) ';
  if (BUILT_IN.test(body)) return 'inline __attribute__((always_inline)) ';
  if (!/\b(if|goto)\b/.test(body) && STRAIGHT.test(body)) return 'inline __attribute__((always_inline)) ';
  return '';
}

/** C of the functions alone; include after the prelude. Exports are named wasm_<export>. */
export function translate(generated: string, origin: Origin): string {
  const code = withoutInstance(`${prototypes(generated).join('\n')}\n\n${bodies(generated)}`)
    // only the prototypes say static, and what a build does not use is no fault
    .replaceAll(/^static /gm, 'static __attribute__((unused)) ')
    .replaceAll(/^(?!static)(?:\w+ )+w2c_htpw_\w+\([^;]*?\) \{\n[\s\S]*?^\}$/gm, (body) => `${inlining(body)}${body}`);
  const left = /^.*(instance|LOAD_DATA|data_segment|funcref|RANGE_CHECK|wasm_rt_).*$/m.exec(code);
  if (left)
    throw new Error(`wasm2c output: "${left[0].trim()}" needs more than the prelude has; is the build gate passing?`);
  const exports = exportMap(generated).filter(([name]) => name !== 'memory');
  return readableNames(
    [
      '/*',
      ` * The ${origin.variant} runtime of hypertinypw, translated from WebAssembly. Generated: do not edit.`,
      ` * ${origin.tools.join(', ')}`,
      ' */',
      ...(/\bv128\b/.test(code) ? ['#include "helium.h"'] : []),
      ...exports.map(([name, target]) => `#define wasm_${name} ${target}`),
      '',
      code,
      '',
    ].join('\n'),
  );
}
