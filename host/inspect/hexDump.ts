/** An image as bytes, each region with what it is. */
import { regionsOf } from '../image/regions.ts';
import type { ImageView } from '../records/view.ts';

/** Each region with its category and meaning, then its bytes, 16 to a line. */
export function hexDump(view: ImageView): string {
  const lines: string[] = [];
  for (const { offset, bytes, category, label } of regionsOf(view)) {
    lines.push(`\n${category}: ${label} (${bytes} bytes)`);
    for (let at = offset; at < offset + bytes; at += 16) {
      const row = view.bytes.subarray(at, Math.min(at + 16, offset + bytes));
      const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
      const text = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
      lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${text}`);
    }
  }
  return lines.join('\n').trimStart();
}
