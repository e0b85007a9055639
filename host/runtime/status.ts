/** Status codes of the runtime by name. */
import * as codes from '../../assembly/status.ts';

const NAMES = new Map<number, string>(Object.entries(codes).map(([name, code]) => [code as number, name]));

/** The name in assembly/status.ts, or the number when this release does not know it. */
export function statusName(status: number): string {
  return NAMES.get(status) ?? `status ${status}`;
}

/** A call of the runtime that was refused. */
export class StatusError extends Error {
  constructor(
    readonly status: number,
    /** byte offset in the image of what `open` refused */
    readonly offset: number,
    call: string,
    /** what was expected, what came, what to do; without it, open says where */
    detail = call === 'open' ? `at byte ${offset} of the image; pack it again` : '',
  ) {
    super(`${call}: ${statusName(status)}${detail && ` ${detail}`}`);
  }
}
