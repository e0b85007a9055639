/** What the operating system says of a file, in words. */
import { UsageError } from './errors.ts';
import { shownPath } from './shownPath.ts';

/** By code: what is the matter, and what to do about it. */
const REASONS: Record<string, readonly [reason: string, advice: string]> = {
  EACCES: ['permission denied', 'change its permissions or choose another'],
  EBADF: ['that descriptor is not open', 'give the name of a file'],
  EBUSY: ['it is in use', 'close what uses it'],
  EDQUOT: ['the disk quota is used up', 'free some space'],
  EEXIST: ['something else is in the way', 'give another name'],
  EFBIG: ['it would be too large for the file system', 'write to another place'],
  EIO: ['the device failed', 'try another one'],
  EISDIR: ['it is a folder', 'give the path of a file'],
  ELOOP: ['a link leads back to itself', 'give the name of a file'],
  EMFILE: ['too many files are open', 'close some'],
  ENAMETOOLONG: ['the name is too long', 'give a shorter one'],
  ENODEV: ['there is no such device', 'give the name of a file'],
  ENOENT: ['no such file', 'give the path of a file'],
  ENOSPC: ['no space left on the device', 'free some space or write to another place'],
  ENOTDIR: ['a part of the path is a file and no folder', 'give another path'],
  ENXIO: ['nothing is at the other end', 'give the name of a file'],
  EPERM: ['the operating system does not permit it', 'change its permissions or choose another'],
  EPIPE: ['the reader has closed the pipe', 'read all of it'],
  EROFS: ['the file system is read-only', 'write to another place'],
  ETXTBSY: ['it is a program that is running', 'end it first'],
  ERR_FS_FILE_TOO_LARGE: ['it has more than 2 GiB', 'give a smaller file'],
};

/** The code of an error of the operating system, of those known here; else null. */
export function errnoOf(error: unknown): string | null {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' && (code in REASONS || /^E[A-Z0-9]+$/.test(code)) ? code : null;
}

/**
 * One line for what a file operation has thrown, such as
 * "x.htpw: cannot be read, no such file (ENOENT); give the path of a file". What is no error of the
 * operating system comes back as it is.
 */
export function fileError(path: string, what: 'read' | 'written', error: unknown): unknown {
  const code = errnoOf(error);
  if (code === null) return error;
  const [reason, advice] = REASONS[code] ?? ['the operating system refused it', 'choose another file'];
  return new UsageError(`${shownPath(path)}: cannot be ${what}, ${reason} (${code}); ${advice}`);
}
