import { render } from 'preact';
import type { CaptureSource } from '../data/api.js';
import { captureElement } from '../embed.js';
import { App } from './app.js';
import './style/index.css';

/** The capture that is embedded in the page. Its element is removed, so that its text is not kept twice in memory. */
function embeddedCapture(): CaptureSource | undefined {
  const element = document.getElementById(captureElement);
  if (element === null) return undefined;
  const { textContent, dataset } = element;
  element.remove();
  const { name = '', url } = dataset;
  // The worker has no address of its own from which the path could be resolved.
  if (url !== undefined) return { name, url: new URL(url, location.href).href };
  return { name, base64: textContent ?? '' };
}

render(<App embedded={embeddedCapture()} />, document.getElementById('app') as HTMLElement);
