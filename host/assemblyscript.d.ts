// Lets the host import what assembly/ shares (format.ts, status.ts, scratch.ts): one source for both sides.
declare type i32 = number;
declare type u32 = number;
