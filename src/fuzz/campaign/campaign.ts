import {
  type Ending,
  type RemoteTarget,
  type Response,
  runRemotely,
  type Step,
  type TargetTask,
} from '../../target/index.js';
import { type EndOracle, runsIn } from '../end-oracle/end-oracle.js';
import type { Judge } from '../oracle/judge.js';
import type { PlayedSession } from '../play/play.js';
import type { Finding, FindingCount } from './finding.js';
import { FindingList } from './finding-list.js';
import { type Oracles, Refinement } from './refinement.js';

/** Generates the steps of cases. */
export interface CaseSource {
  /** Number of the current case. */
  readonly case: number;
  /** Whether the next step depends on answers that are still missing. */
  readonly needsAnswer: boolean;
  /** Name of what the current case begins with, where other cases begin with the same steps: VMs that boot. */
  readonly boot?: string | undefined;
  /** The next step belongs to that beginning. */
  readonly isBooting?: boolean;
  /** The next step; `reset` when a case begins, also the first one; undefined when there are no more. */
  next(): Step | 'reset' | undefined;
  observe(step: Step, response: Response): void;
  /** The target ended at a step of a case. */
  ended(step: Step, ending: Ending, caseNumber: number): void;
  /** Ends the current case: the next command is `reset`. */
  endCase(): void;
  /** A case is over: what was put to the target, and what it did. */
  played?(steps: readonly Step[], responses: readonly Response[]): void;
}

export interface CampaignOptions {
  readonly source: CaseSource;
  readonly judge: Judge;
  /** Run in this order at the end of each case in which nothing was found. */
  readonly endOracles?: readonly EndOracle[];
  /** Judge and end oracles for {@link Campaign.refine}, where that works on a target of its own. */
  readonly beside?: Oracles;
  /** Whether sessions can be played again; by default they can. Otherwise what is found is told at once. */
  readonly canRepeat?: boolean;
  /** Asked before every case. */
  readonly keepGoing: () => boolean;
  /** Most sessions that are played to minimise one finding; 0: findings are not minimised. */
  readonly plays: number;
  /** Sessions per cause that are minimised. Different sessions end in different results. The smallest is kept. */
  readonly minimised: number;
  /** Asked while a finding is minimised: false leaves it as it is. @param plays sessions played for it so far. */
  readonly mayMinimise?: (plays: number) => boolean;
  /** Called when a fresh target has shown a cause again, and whenever its session became smaller. */
  readonly found: (finding: Finding) => void;
}

/** Steps that are put to a remote target at once: so many at the start of a case, and twice as many each time. */
const AHEAD = { first: 16, most: 128 } as const;
/** Groups of such steps on their way, where their answers are foreseen: the target works while the source does. */
const GROUPS_MAX = 3;

/** Steps that no answer is needed for, as far as they could be drawn. */
interface Ahead {
  readonly steps: readonly Step[];
  /** The answer to each that is expected, where that is known. */
  readonly predicted: readonly (Response | undefined)[];
  /** What follows needs the answers to these. */
  readonly isOpen: boolean;
  /** `reset` at the end of the case, `over` if it was the last. */
  readonly end: 'reset' | 'over' | undefined;
}

interface Session {
  readonly caseNumber: number;
  readonly steps: Step[];
  readonly responses: Response[];
}

/** Runs cases on a target, one after another, and collects the findings. */
export class Campaign {
  cases = 0;
  steps = 0;
  readonly #options: CampaignOptions;
  readonly #list: FindingList;
  readonly #refinement: Refinement;
  #stopped = false;
  /** What the target did with the beginning of the cases that start from its present fork. */
  #booted: readonly Response[] | undefined;

  /** @param known findings of the earlier runs that this one continues. */
  constructor(options: CampaignOptions, known: Iterable<FindingCount> = []) {
    const { judge, endOracles = [], beside = { judge, endOracles }, minimised, plays } = options;
    this.#options = options;
    this.#list = new FindingList(plays === 0 ? 0 : minimised, known, (finding) => {
      if (options.canRepeat === false) options.found(finding);
      return options.canRepeat !== false;
    });
    this.#refinement = new Refinement(this.#list, beside, options);
  }

  /** In the order in which the causes were found. */
  get findings(): readonly FindingCount[] {
    return this.#list.all;
  }

  /** Whether {@link refine} has something to do. */
  get canRefine(): boolean {
    return this.#list.hasNext;
  }

  /** Whether something was found that no fresh target has shown again so far. */
  get hasUnconfirmed(): boolean {
    return this.#list.hasUnconfirmed;
  }

  /** Plays one session again that showed a cause: on a fresh target, to confirm it, or to make it smaller. */
  refine(): TargetTask<void> {
    return this.#refinement.next();
  }

  /** Ends {@link runAhead} without judging what has not been answered. */
  stop(): void {
    this.#stopped = true;
  }

  *run(): TargetTask<void> {
    const { source, judge } = this.#options;
    let command = source.next();
    while (command !== undefined && this.#begins()) {
      const session = this.#newSession();
      judge.reset();
      yield 'reset';
      let isOver = false;
      for (command = source.next(); command !== undefined && command !== 'reset'; command = source.next()) {
        const response = yield command;
        source.observe(command, response);
        if (response.ended !== undefined) source.ended(command, response.ended, session.caseNumber);
        isOver = this.#judged(session, command, response, undefined);
        if (isOver) source.endCase();
      }
      source.played?.(session.steps, session.responses);
      // The target has ended or differs: end oracles need a session that is still in order.
      if (!isOver) yield* this.#close(session);
    }
  }

  /**
   * As {@link run}, for targets for which many steps at once cost less than one after the other. Where the judge knows what
   * they should answer, the source goes on with that; otherwise it waits when it needs to.
   */
  async runAhead(target: RemoteTarget): Promise<void> {
    const { source, judge } = this.#options;
    let command = source.next();
    while (command !== undefined && this.#begins()) {
      const session = this.#newSession();
      judge.reset();
      await this.#bootFor(source.boot, target);
      const { end, isOver } = await this.#sendAhead(target, session);
      if (this.#stopped) return;
      if (isOver || end !== undefined) source.played?.(session.steps, session.responses);
      if (!isOver) await runRemotely(this.#close(session), target);
      if (end === 'over') return;
      if (end === undefined) source.endCase();
      command = end ?? source.next();
    }
  }

  /** Has the target boot, or go back to where other cases that begin alike have left it. */
  async #bootFor(boot: string | undefined, target: RemoteTarget): Promise<void> {
    if (boot === target.forkedAt) await target.reset();
    else if (boot === undefined) await (target.restart?.() ?? target.reset());
    else await (target.restartToFork?.() ?? target.reset());
    // A target that could not go back has booted.
    if (boot === undefined || boot !== target.forkedAt) this.#booted = undefined;
  }

  /** What the target does with the next steps of a case; what it has done before, where it is past these steps already. */
  #put(steps: readonly Step[], drawn: number, target: RemoteTarget): Promise<readonly Response[]> {
    const { source } = this.#options;
    const known = source.boot === undefined ? undefined : this.#booted;
    if (known !== undefined && drawn < known.length)
      return Promise.resolve(known.slice(drawn, drawn + steps.length));
    return steps.length === 0 ? Promise.resolve([]) : target.putAll(steps);
  }

  /** Puts the steps of a case. @returns what follows it; nothing so far when it is over before its end. */
  async #sendAhead(
    target: RemoteTarget,
    session: Session,
  ): Promise<{ readonly end: Ahead['end']; readonly isOver: boolean }> {
    const waiting: { readonly ahead: Ahead; readonly responses: Promise<readonly Response[]> }[] = [];
    let isOver = false;
    let drawn = 0;
    const { source } = this.#options;
    let isBooting = source.isBooting === true;
    for (let most: number = AHEAD.first; ; most = Math.min(2 * most, AHEAD.most)) {
      const ahead = this.#drawAhead(most);
      waiting.push({ ahead, responses: this.#put(ahead.steps, drawn, target) });
      drawn += ahead.steps.length;
      const mayWait = ahead.isOpen || ahead.end !== undefined ? 0 : GROUPS_MAX;
      while (waiting.length > (isOver ? 0 : mayWait)) {
        const { ahead: sent, responses } = waiting.shift() as (typeof waiting)[number];
        const answers = await responses;
        isOver ||= !this.#stopped && this.#answered(session, sent, answers);
      }
      if (isOver || this.#stopped || ahead.end !== undefined) return { end: ahead.end, isOver };
      if (waiting.length > 0 || !isBooting || source.isBooting === true) continue;
      isBooting = false;
      if (this.#booted === undefined) await this.#keepBoot(session, target);
    }
  }

  /** Later cases that begin alike start here. */
  async #keepBoot({ responses }: Session, target: RemoteTarget): Promise<void> {
    const { boot } = this.#options.source;
    if (boot === undefined || target.canFork !== true) return;
    await target.fork?.(boot);
    this.#booted = [...responses];
  }

  /** Steps of the case that need no answer first. */
  #drawAhead(most: number): Ahead {
    const { source, judge } = this.#options;
    const steps: Step[] = [];
    const answers: (Response | undefined)[] = [];
    const ahead = (isOpen: boolean, end?: Ahead['end']) => ({ steps, predicted: answers, isOpen, end });
    const wasBooting = source.isBooting === true;
    while (steps.length < most) {
      const step = source.next();
      if (step === undefined) return ahead(false, 'over');
      if (step === 'reset') return ahead(false, step);
      const predicted = judge.predict(step);
      steps.push(step);
      answers.push(predicted);
      if (predicted !== undefined) source.observe(step, predicted);
      const isOpen =
        predicted === undefined ? source.needsAnswer || judge.foresees : predicted.ended !== undefined;
      if (isOpen || (wasBooting && source.isBooting !== true)) return ahead(true);
    }
    return ahead(!judge.foresees);
  }

  /** @returns whether the case is over. */
  #answered(session: Session, sent: Ahead, responses: readonly Response[]): boolean {
    const { source } = this.#options;
    for (let index = 0; index < responses.length; index++) {
      const response = responses[index] as Response;
      const step = sent.steps[index] as Step;
      const predicted = sent.predicted[index];
      if (predicted === undefined) source.observe(step, response);
      if (response.ended !== undefined) source.ended(step, response.ended, session.caseNumber);
      if (response.unsupported === true || this.#judged(session, step, response, predicted)) return true;
    }
    return false;
  }

  #begins(): boolean {
    if (!this.#options.keepGoing()) return false;
    this.cases++;
    return true;
  }

  #newSession(): Session {
    return { caseNumber: this.#options.source.case, steps: [], responses: [] };
  }

  /** @returns whether the case is over. */
  #judged(session: Session, step: Step, response: Response, predicted: Response | undefined): boolean {
    const { caseNumber, steps, responses } = session;
    steps.push(step);
    responses.push(response);
    this.steps++;
    const { cause, over } = this.#options.judge.judge(step, response, predicted);
    if (over && cause !== undefined)
      this.#list.add(cause, { steps, responses, cause }, caseNumber, undefined);
    return over;
  }

  /** Ends a case in which nothing was found so far. */
  *#close({ caseNumber, steps, responses }: Session): TargetTask<void> {
    let played: PlayedSession = { steps, responses, cause: undefined };
    if (steps.length === 0) return;
    for (const endOracle of this.#options.endOracles ?? []) {
      // A target that has forked goes back to the fork, not to the first step.
      const isPast = endOracle.isFromStart === true && this.#booted !== undefined;
      if (isPast || !runsIn(endOracle, caseNumber)) continue;
      played = yield* endOracle.run(played);
      if (played.cause === undefined) continue;
      this.#list.add(played.cause, played, caseNumber, endOracle);
      return;
    }
  }
}
