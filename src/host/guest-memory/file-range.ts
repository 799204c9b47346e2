/** Part of a guest memory file, in bytes. */
export interface FileRange {
  readonly offset: number;
  readonly size: number;
}
