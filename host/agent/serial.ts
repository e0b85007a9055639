/** A serial port as a transport, through the `serialport` package, which only users of real boards need to install. */
import type { Duplex } from 'node:stream';
import type { Transport } from './transport.ts';

interface SerialPortModule {
  SerialPort: new (
    options: { path: string; baudRate: number },
    opened: (error: Error | null) => void,
  ) => Duplex & { close(done: () => void): void };
}

async function loadSerialport(): Promise<SerialPortModule> {
  const name = 'serialport'; // not a literal: the package is optional, and the compiler must not look for it
  try {
    return (await import(name)) as SerialPortModule;
  } catch {
    throw new Error('serial port: the package "serialport" is not installed; run: npm install --no-save serialport');
  }
}

export async function openSerial(path: string, baudRate: number): Promise<Transport> {
  const { SerialPort } = await loadSerialport();
  return new Promise((resolve, reject) => {
    const port = new SerialPort({ path, baudRate }, (error) => {
      if (error) return reject(new Error(`${path}: cannot be opened, ${error.message}; is the board plugged in?`));
      resolve({
        readable: port,
        writable: port,
        greets: false,
        ended: new Promise((end) => port.on('close', () => end(`${path}: closed`))),
        close: () => new Promise((closed) => port.close(() => closed())),
      });
    });
  });
}
