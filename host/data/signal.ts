/** What a window is: the tensor that a device is given, and how its values relate to time and to the world. */

export interface Signal {
  /** of the input port in the image */
  name: string;
  /** height, width, channels; time runs along the width */
  shape: readonly [height: number, width: number, channels: number];
  type: 'i8' | 'i16';
  /** real value = scale * (integer - zeroPoint) */
  scale: number;
  zeroPoint: number;
  /** positions a second along the width; null where it is not time, as in images */
  rate: number | null;
  /** what the label is about lies at one position of the width: a beat at sample 160, say; null: the whole window */
  event: { name: string; at: number } | null;
}

/** Values of a window. */
export const lengthOf = ({ shape: [height, width, channels] }: Pick<Signal, 'shape'>): number =>
  height * width * channels;

/** What the metadata of an image say of time in its input. */
export const timingOf = ({ rate, event }: Pick<Signal, 'rate' | 'event'>): Record<string, number> => ({
  ...(rate !== null && { sampleRate: rate }),
  ...(event && { [`${event.name}Position`]: event.at }),
});

/** The array that holds windows of such a signal. */
export type Samples = Int8Array<ArrayBuffer> | Int16Array<ArrayBuffer>;

export const samplesOf = ({ type }: Pick<Signal, 'type'>, length: number): Samples =>
  type === 'i8' ? new Int8Array(length) : new Int16Array(length);
