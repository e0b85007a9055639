/** A conversation with an agent as a file: "> " what was sent, "< " what came back, each line as it was on the wire. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { parseFields, type Reply } from './reply.ts';

/** Writes a capture, line by line, so that it is whole up to the moment in which a board or a program dies. */
export class Recording {
  private readonly file: number;

  constructor(path: string) {
    try {
      this.file = openSync(path, 'w');
    } catch (error) {
      throw new Error(`${path}: cannot be written (${(error as NodeJS.ErrnoException).code}); record to another file`);
    }
  }

  sent(line: string): void {
    writeSync(this.file, `> ${line}\n`);
  }

  received(line: string): void {
    writeSync(this.file, `< ${line}\n`);
  }

  close(): void {
    closeSync(this.file);
  }
}

/** One command and its answer. */
export interface Exchange {
  command: string;
  /** number of the command's line in the file, from 1 */
  line: number;
  reply: Reply;
  /** the "error" line without that word, when the command was refused */
  refusal: string | null;
  /** numbers of the reply's lines, the answer's last */
  replyLines: number[];
}

class CaptureParser {
  readonly exchanges: Exchange[] = [];
  private open: Exchange | null = null;

  constructor(private readonly path: string) {}

  private fail(line: number, message: string): never {
    throw new Error(`${this.path}:${line}: ${message}`);
  }

  line(text: string, number: number): void {
    if (text.trim() === '') return;
    const [, direction, content] = /^([<>])\s?(.*?)\s*$/.exec(text) ?? [];
    if (direction === '>') this.sent(content, number);
    else if (direction === '<') this.received(content, number);
    else this.fail(number, `expected "> command" or "< answer", got "${text.slice(0, 40)}"; is this a capture?`);
  }

  private sent(command: string, line: number): void {
    this.end(`the next command in line ${line}`);
    if (command !== '') this.open = { command, line, reply: { fields: {}, lines: [] }, refusal: null, replyLines: [] };
  }

  private received(text: string, line: number): void {
    if (text === '' || text.startsWith('#')) return; // comments are for people
    if (!this.open) this.fail(line, `expected a command before "${text.slice(0, 40)}"; a line is missing above`);
    const { reply, replyLines } = this.open;
    replyLines.push(line);
    const [, verdict, rest] = /^(ok|error)(?: (.*))?$/.exec(text) ?? [];
    if (!verdict) {
      reply.lines.push(text);
      return;
    }
    if (verdict === 'ok') reply.fields = parseFields(text);
    else this.open.refusal = rest ?? 'without a name';
    this.exchanges.push(this.open);
    this.open = null;
  }

  /** Nothing may be waiting for its answer here. */
  end(before: string): void {
    if (!this.open) return;
    this.fail(this.open.line, `expected an answer to "${this.open.command.slice(0, 40)}" before ${before}, got none`);
  }
}

/** Throws with file and line where the capture is not whole. */
export function readCapture(path: string): Exchange[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code}); give the path of a capture`);
  }
  const lines = text.split(/\r?\n/);
  const last = lines.pop(); // behind the last line end
  if (last) throw new Error(`${path}:${lines.length + 1}: expected a line end, got the end of the file; it is cut off`);
  const parser = new CaptureParser(path);
  lines.forEach((line, index) => {
    parser.line(line, index + 1);
  });
  parser.end('the end of the file');
  return parser.exchanges;
}
