import type { LanesWindow } from '../data/timeline/lanes.js';
import { messageText } from './lanes-layout.js';
import { durationText } from './ticks.js';

/** Largest number of messages and of states that the text lists. */
const listMax = 200;
/** The content of the drawing as text, for screen readers. */
export function LanesText({
  window,
  chooseNo,
}: {
  readonly window: LanesWindow;
  chooseNo(no: number): void;
}) {
  const { messages, states, parcels, total, first, hasTimes } = window;
  const at = (position: number) => (hasTimes ? durationText(position - first) : `no ${position + 1}`);
  return (
    <details class="lanes-text">
      <summary>As text</summary>
      <h3>Messages</h3>
      {messages.length === 0 && <p>{total} messages: zoom in to have them listed.</p>}
      <ol>
        {messages.slice(0, listMax).map((message) => (
          <li key={message.no}>
            <button type="button" class="link" onClick={() => chooseNo(message.no)}>
              {at(message.at)}: {messageText(message, window)}
            </button>
          </li>
        ))}
      </ol>
      {messages.length > listMax && <p>and {messages.length - listMax} more</p>}
      <h3>VM states</h3>
      <ul>
        {states.slice(0, listMax).map(({ no, vmid, vm, state, start, end }) => (
          <li key={`${vmid}-${no}`}>
            {vm} {state}, {at(start)} to {at(end)}
          </li>
        ))}
      </ul>
      <h3>Memory parcels</h3>
      <ul>
        {parcels.map(({ no, handle, kind, owner, start, end, mapped }) => (
          <li key={no}>
            Parcel {handle}, {kind} of {owner}, {at(start)} to {at(end)}
            {mapped
              .map((part) => `, mapped by ${part.vm} from ${at(part.start)} to ${at(part.end)}`)
              .join('')}
          </li>
        ))}
      </ul>
    </details>
  );
}
