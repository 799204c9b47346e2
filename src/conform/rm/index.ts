import { type Case, chapters } from '../case.js';
import { lengthCases, listCases, reservedCases, senderCases, unknownCases } from './derived.js';
import { errorCases } from './errors.js';
import { fragmentCases } from './fragments.js';
import { framingCases } from './framing.js';
import { lifeCases } from './lives.js';
import { memoryCases } from './memory.js';
import { notificationCases } from './notifications.js';
import { stateCases } from './states.js';

/** All cases for managers, chapter by chapter. */
export function managerCases(): readonly Case[] {
  const all = [
    ...framingCases(),
    ...fragmentCases(),
    ...unknownCases(),
    ...lengthCases(),
    ...listCases(),
    ...senderCases(),
    ...stateCases(),
    ...reservedCases(),
    ...errorCases(),
    ...memoryCases(),
    ...notificationCases(),
    ...lifeCases(),
  ];
  const order = Object.keys(chapters);
  return all.sort((left, right) => order.indexOf(left.chapter) - order.indexOf(right.chapter));
}
