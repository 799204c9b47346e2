import { existsSync } from 'node:fs';
import { createConnection, type Server } from 'node:net';
import { dirname } from 'node:path';
import { FileError } from './file-error.js';
import { checkSocketName, removeSocketName } from './socket-name.js';

/** Binds a server to a path. A name that an ended process has left behind is replaced. @throws FileError */
export async function listenAt(server: Server, path: string): Promise<void> {
  try {
    checkSocketName(path);
    await listen(server, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' || (await answers(path))) throw error;
      removeSocketName(path);
      await listen(server, path);
    });
  } catch (error) {
    // libuv reports EACCES for a folder that does not exist.
    const noFolder = (error as NodeJS.ErrnoException).code === 'EACCES' && !existsSync(dirname(path));
    throw new FileError(path, noFolder ? { code: 'ENOENT' } : error);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(path, () => {
      server.off('error', failed);
      done();
    });
  });
}

/** Whether a server listens at a path. */
function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection(path);
    socket.on('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}
