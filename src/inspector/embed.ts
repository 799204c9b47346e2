/** Id of the element that carries the capture. */
export const captureElement = 'capture';

/** Where in the page it goes: in front of everything, since a script behind it may run only when it is there. */
const place = '<div id="app">';

/**
 * A page that carries a capture. The element that holds it is data and never run, so that the page's
 * Content-Security-Policy is the same with and without it.
 *
 * @param page the built page. @param name what the capture is called. @param base64 bytes of the file, best packed with gzip.
 */
export function embedCapture(page: string, name: string, base64: string): string {
  const data = `<script type="application/octet-stream" id="${captureElement}" data-name="${escaped(name)}">${base64}</script>`;
  const at = page.indexOf(place);
  return `${page.slice(0, at)}${data}${page.slice(at)}`;
}

function escaped(text: string): string {
  return text.replace(/[&"<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}
