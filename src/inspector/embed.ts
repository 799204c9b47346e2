/** Id of the element that holds the embedded capture. */
export const captureElement = 'capture';

/** The capture is inserted before this element: it must be in the document before the script of the page runs. */
const insertBefore = '<div id="app">';

/**
 * A page with an embedded capture, in pieces. The element that holds it is a data block, which browsers never run. So the
 * page needs no other Content-Security-Policy for it.
 *
 * @param page the built page. @param name name of the capture. @param base64 bytes of the file; compressed ones are best.
 */
export function* embedCapture(page: string, name: string, base64: Iterable<string>): Generator<string> {
  const at = page.indexOf(insertBefore);
  yield `${page.slice(0, at)}<script type="application/octet-stream" id="${captureElement}" data-name="${escaped(name)}">`;
  yield* base64;
  yield `</script>${page.slice(at)}`;
}

/**
 * A page that watches a capture which its server sends. Its Content-Security-Policy allows it to ask this server only.
 *
 * @param page the built page. @param name name of the capture. @param path where the server sends it.
 */
export function embedLive(page: string, name: string, path: string): string {
  const data = `<script type="application/octet-stream" id="${captureElement}" data-name="${escaped(name)}" data-url="${escaped(path)}"></script>`;
  const at = page.indexOf(insertBefore);
  const whole = `${page.slice(0, at)}${data}${page.slice(at)}`;
  return whole.replace("default-src 'none'; ", "default-src 'none'; connect-src 'self'; ");
}

function escaped(text: string): string {
  return text.replace(/[&"<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}
