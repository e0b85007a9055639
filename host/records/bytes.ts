/** A growing little-endian byte buffer. */
export class ByteWriter {
  private buffer = new Uint8Array(1024);
  private length = 0;

  get size(): number {
    return this.length;
  }

  align(alignment: number): this {
    this.reserve((alignment - (this.length % alignment)) % alignment);
    return this;
  }

  u8(value: number): this {
    const at = this.reserve(1); // may replace the buffer
    this.buffer[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.reserve(2);
    this.view().setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.reserve(4);
    this.view().setUint32(at, value, true);
    return this;
  }

  i32(value: number): this {
    return this.u32(value >>> 0);
  }

  f32(value: number): this {
    const at = this.reserve(4);
    this.view().setFloat32(at, value, true);
    return this;
  }

  bytes(values: ArrayLike<number>): this {
    const at = this.reserve(values.length);
    this.buffer.set(values, at);
    return this;
  }

  finish(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  /** Zeroed room for `count` bytes; returns where it begins. */
  private reserve(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.buffer.length) {
      const grown = new Uint8Array(Math.max(2 * this.buffer.length, this.length));
      grown.set(this.buffer);
      this.buffer = grown;
    }
    return at;
  }

  private view(): DataView {
    return new DataView(this.buffer.buffer);
  }
}
