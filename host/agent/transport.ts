/** A two-way stream of bytes to an agent, whatever it runs on: emulator, native process or serial port. */
import type { Readable, Writable } from 'node:stream';

export interface Transport {
  readable: Readable;
  writable: Writable;
  /**
   * whether the firmware starts now, so that its greeting is still to come; an emulated UART may drop what comes before
   */
  greets: boolean;
  /** why it ended, if it did; never rejects */
  ended: Promise<string>;
  close(): Promise<void>;
}
