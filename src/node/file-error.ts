/** The operating system refused to read or write. */
export class FileError extends Error {
  override readonly name = 'FileError';

  constructor(
    readonly file: string,
    cause: unknown,
  ) {
    super(describe(cause), { cause });
  }
}

/** What `action` returns. @throws FileError for any error of it, about `path` */
export function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof FileError ? error : new FileError(path, error);
  }
}

function describe(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: 'no such file or folder',
    EISDIR: 'is a directory',
    EACCES: 'permission denied',
    ENOTDIR: 'not a directory',
    ENOSPC: 'no space left on the device',
    ECONNREFUSED: 'nobody listens there',
    EADDRINUSE: 'in use by another process, or no socket',
    ENAMETOOLONG: 'the name is too long',
  };
  return known[code ?? ''] ?? message;
}
