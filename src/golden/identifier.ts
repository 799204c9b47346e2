import type { Fixture } from './fixture.js';
import { plainSizeMax } from './json.js';

/** Name of a fixture in languages without dots: `vm_start_request_typical`. */
export function identifierOf({ name }: Fixture): string {
  return name.toLowerCase().replaceAll('.', '_');
}

/** Whether a fixture is given with its payload, not only with its frames. */
export function hasPayload({ payload }: Fixture): boolean {
  return payload.length > 0 && payload.length <= plainSizeMax;
}
