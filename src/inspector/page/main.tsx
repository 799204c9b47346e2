import { render } from 'preact';
import InspectorWorker from '../worker.ts?worker&inline';

const worker = new InspectorWorker();
worker.onmessage = (e) => {
  document.title = JSON.stringify(e.data);
};
worker.postMessage('hi');
render(<p>hello</p>, document.getElementById('app') as HTMLElement);
