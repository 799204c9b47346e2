import { encodeText } from '../../base/text.js';
import { type Recogniser, textDetector } from '../hex/index.js';
import { isLineKey } from '../keys/index.js';

/** A list in braces of C begins with a number. */
const OBJECT = /^\s*\{\s*["}a-z_]/i;

/** Recognises lines as `decode --json` prints them, and not the objects of other programs that hold messages. */
export function recogniseNdjson(): Recogniser {
  let isOther = false;
  return {
    line: (line) => {
      if (!OBJECT.test(line)) return isOther ? 'later' : 'no';
      const object = parsed(line);
      const others = Object.entries(object).filter(([key]) => !isLineKey(key));
      if (holdsMessage(Object.fromEntries(others))) return 'no';
      // A key that is written wrongly has others beside it.
      if (others.length === 0 || others.length < Object.keys(object).length) return 'yes';
      isOther = true;
      return 'later';
    },
    end: () => isOther && 'perhaps',
  };
}

/** The object of a line, an empty one for what is none. */
function parsed(line: string): object {
  try {
    return JSON.parse(line) as object;
  } catch {
    return {};
  }
}

/** Whether the text of an object shows a form in which people have messages. */
function holdsMessage(object: object): boolean {
  const detector = textDetector();
  try {
    detector.push(encodeText(JSON.stringify(object)));
    detector.end();
  } catch {
    return false;
  }
  return detector.isSure;
}
