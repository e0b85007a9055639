/** A conversation with an agent as a file: "> " what was sent, "< " what came back, each line as it was on the wire. */
import { UsageError } from '../system/errors.ts';
import { planOutput, readInput, Writing } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { textOf } from '../system/wrongKind.ts';
import { parseFields, type Reply } from './reply.ts';

/**
 * Writes a capture, line by line, so that it is whole up to the moment in which a board or a program dies. It takes the
 * place of an earlier one when it is closed, or when a signal ends the process; without a line it leaves that alone.
 */
export class Recording {
  private writing: Writing | null = null;

  /** Throws UsageError when nothing can be written there. */
  constructor(private readonly path: string) {
    planOutput(path);
  }

  private line(text: string): void {
    this.writing ??= new Writing(this.path, { keep: true });
    this.writing.append(`${text}\n`);
  }

  sent(line: string): void {
    this.line(`> ${line}`);
  }

  received(line: string): void {
    this.line(`< ${line}`);
  }

  close(): void {
    this.writing?.finish();
    this.writing = null;
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
    throw new UsageError(`${shownPath(this.path)}:${line}: ${message}`);
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
  const bytes = readInput(path);
  const text = textOf(path, bytes, 'a capture, as htpw verify --record writes');
  const lines = text.split(/\r?\n/);
  const last = lines.pop(); // behind the last line end
  if (last)
    throw new UsageError(
      `${shownPath(path)}:${lines.length + 1}: expected a line end, got the end of the file; it is cut off`,
    );
  const parser = new CaptureParser(path);
  lines.forEach((line, index) => {
    parser.line(line, index + 1);
  });
  parser.end('the end of the file');
  return parser.exchanges;
}
