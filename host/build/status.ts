/** The status codes of assembly/status.ts as C: one source for the runtime, the host and the device. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FEATURE_OPERATOR } from '../../assembly/features.ts';
import * as codes from '../../assembly/status.ts';
import { OPERATORS } from '../operators/registry.ts';

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

const LOG_MEL = FEATURE_OPERATOR + OPERATORS.logMel.code;

/** When a build can answer with a code that not every build has: elsewhere its name would only take flash. */
const CONDITIONS: Record<string, string> = {
  OUTSIDE_HOST_MEMORY: 'UINTPTR_MAX > 0xffffffffu',
  NOT_STREAMED: `!defined HTPW_FEATURES || HTPW_FEATURES >> ${LOG_MEL} & 1`,
};

export function statusNames(): string {
  const cases = CODES.filter(([, value]) => value < 0).flatMap(([name]) => {
    const line = `    case HTPW_${name}: return "${name}";`;
    return name in CONDITIONS ? [`#if ${CONDITIONS[name]}`, line, '#endif'] : [line];
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
