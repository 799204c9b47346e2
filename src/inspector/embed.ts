/** Id of the element that holds the embedded capture. */
export const captureElement = 'capture';

/** The capture is inserted before this element: it must be in the document before the script of the page runs. */
const insertBefore = '<div id="app">';

/**
 * A page with an embedded capture. The element that holds it is a data block, which browsers never run. So the page
 * needs no other Content-Security-Policy for it.
 *
 * @param page the built page. @param name name of the capture. @param base64 bytes of the file; compressed ones are best.
 */
export function embedCapture(page: string, name: string, base64: string): string {
  const data = `<script type="application/octet-stream" id="${captureElement}" data-name="${escaped(name)}">${base64}</script>`;
  const at = page.indexOf(insertBefore);
  return `${page.slice(0, at)}${data}${page.slice(at)}`;
}

function escaped(text: string): string {
  return text.replace(/[&"<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}
