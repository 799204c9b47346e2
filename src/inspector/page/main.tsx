import { render } from 'preact';
import type { Source } from '../data/api.js';
import { captureElement } from '../embed.js';
import { App } from './app.js';
import './style/index.css';

/** The capture that the page was made with. Its text is taken out of the document, which would else hold it too. */
function carriedCapture(): Source | undefined {
  const element = document.getElementById(captureElement);
  if (element === null) return undefined;
  const { textContent, dataset } = element;
  element.remove();
  return { name: dataset.name ?? '', base64: textContent ?? '' };
}

render(<App carried={carriedCapture()} />, document.getElementById('app') as HTMLElement);
