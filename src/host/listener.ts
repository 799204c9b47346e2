/**
 * A listener as the library calls it. A listener is told of things and decides nothing, so what it throws is dropped: it
 * must not keep a finished call from its caller, or the VM manager from cleaning up.
 */
export function shielded<Told extends readonly unknown[]>(
  listener: (...told: Told) => void,
): (...told: Told) => void {
  return (...told) => {
    try {
      listener(...told);
    } catch {
      // What a listener throws is not the library's to handle.
    }
  };
}
