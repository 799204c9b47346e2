/** What the kernel's print_hex_dump (lib/hexdump.c) prints, written from its documentation for the tests. */
export interface KernelDumpOptions {
  readonly name?: string;
  readonly prefix: 'offset' | 'address' | 'none';
  /** 16 or 32 bytes per line. */
  readonly rowSize?: number;
  /** Bytes per group; a line that is no multiple of it is printed in single bytes. */
  readonly groupSize?: 1 | 2 | 4 | 8;
  readonly ascii?: boolean;
  /** Of each line; the default is real addresses. */
  readonly addressOf?: (at: number) => string;
}

export function kernelDump(bytes: Uint8Array, options: KernelDumpOptions): string[] {
  const { name = '', prefix, rowSize = 16, groupSize = 1, ascii = false } = options;
  const addressOf = options.addressOf ?? ((at) => (0xffff_ff80_1234_5600n + BigInt(at)).toString(16));
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += rowSize) {
    const row = bytes.slice(at, at + rowSize);
    const size = row.length % groupSize === 0 ? groupSize : 1;
    const groups: string[] = [];
    for (let index = 0; index < row.length; index += size) {
      const reversed = [...row.slice(index, index + size)].reverse();
      groups.push(reversed.map((byte) => byte.toString(16).padStart(2, '0')).join(''));
    }
    let text = groups.join(' ');
    if (ascii) {
      text = text.padEnd(rowSize * 2 + rowSize / size + 1);
      for (const byte of row) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
    }
    const offset = `${at.toString(16).padStart(8, '0')}: `;
    lines.push(
      name + (prefix === 'offset' ? offset : prefix === 'address' ? `${addressOf(at)}: ` : '') + text,
    );
  }
  return lines;
}
