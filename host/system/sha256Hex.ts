import { createHash } from 'node:crypto';

/** SHA-256 of bytes or of a text in UTF-8, 64 hexadecimal digits: by which files of this machine are known again. */
export const sha256Hex = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
