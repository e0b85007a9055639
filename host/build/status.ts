/** The status codes of assembly/status.ts as C: one source for the runtime, the host and the device. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as codes from '../../assembly/status.ts';

const CODES = Object.entries(codes).sort(([, a], [, b]) => b - a);

/** What each code means, from the comments of assembly/status.ts. */
function meanings(root: string): Map<string, string> {
  const source = readFileSync(join(root, 'assembly', 'status.ts'), 'utf8');
  return new Map(
    [...source.matchAll(/^export const (\w+): i32 = -?\d+; *\/\/ (.*)$/gm)].map(([, name, text]) => [name, text]),
  );
}

export function statusHeader(root: string): string {
  const meaning = meanings(root);
  const comment = (name: string) => (meaning.has(name) ? ` /* ${meaning.get(name)} */` : '');
  return [
    '/* Status codes of hypertinypw, generated from assembly/status.ts: do not edit. */',
    '#ifndef HTPW_STATUS_H',
    '#define HTPW_STATUS_H',
    '',
    'enum htpw_status {',
    ...CODES.map(([name, value], i) => `  HTPW_${name} = ${value}${i + 1 < CODES.length ? ',' : ''}${comment(name)}`),
    '};',
    '',
    '#endif',
    '',
  ].join('\n');
}

/** Those that no other target answers with; their names would take its flash. */
const ON_64_BITS = ['OUTSIDE_HOST_MEMORY'];

export function statusNames(): string {
  const cases = CODES.filter(([, value]) => value < 0).flatMap(([name]) => {
    const line = `    case HTPW_${name}: return "${name}";`;
    return ON_64_BITS.includes(name) ? ['#if UINTPTR_MAX > 0xffffffffu', line, '#endif'] : [line];
  });
  return [
    '/* Names of the status codes, generated from assembly/status.ts: do not edit. */',
    '#include "htpw.h"',
    '',
    'const char *htpw_status_name(int32_t status) {',
    '  if (status >= 0) return "OK";',
    '  switch (status) {',
    ...cases,
    '    default: return "UNKNOWN";',
    '  }',
    '}',
    '',
  ].join('\n');
}
