import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FileError } from './file-error.js';
import { type LiveCapture, livePath } from './live-capture.js';

const host = '127.0.0.1';

/** Serves one page to browsers on this machine. */
export class PageServer {
  readonly #server: Server;

  private constructor(
    server: Server,
    readonly url: string,
  ) {
    this.#server = server;
  }

  /**
   * Serves a page until the server is closed.
   *
   * @param port 0 = any free port. @param live the capture that the page watches. @throws FileError if the port is not
   *   free.
   */
  static async listen(page: string, port: number, live?: LiveCapture): Promise<PageServer> {
    const names = new Set<string>();
    const server = createServer(({ method, url, headers }, response) => {
      // Otherwise a site could read the page by letting its own name resolve to this address.
      if (!names.has(headers.host ?? '')) response.writeHead(403).end();
      else if (method === 'GET' && url === livePath && live !== undefined) {
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
        void live.send(response);
      } else if (method !== 'GET' || url !== '/') response.writeHead(404).end();
      else {
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
        response.end(page);
      }
    });
    await new Promise<void>((done, failed) => {
      server.once('error', (error) => failed(new FileError(`port ${port}`, error)));
      server.listen(port, host, done);
    });
    const { port: own } = server.address() as AddressInfo;
    for (const name of [host, 'localhost']) names.add(`${name}:${own}`);
    return new PageServer(server, `http://${host}:${own}/`);
  }

  /** Ends all connections. */
  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }
}
