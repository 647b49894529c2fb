import type { Type } from '@nestjs/common';
import type { LogLevel } from './boot.js';
import type { Stage } from './stage.js';

/** What stands above every recipe: four lines that say whether it is the one you need. */
export interface RecipeHead {
  readonly order: string;
  readonly failure: string;
  readonly speed: string;
  readonly use: string;
}

/** A small Nest app, the play that shows what it does, and what came out. */
export interface Recipe<Outcome = unknown> {
  /** Two digits. */
  readonly id: string;
  readonly title: string;
  readonly head: RecipeHead;
  /** The app, where the recipe runs it in processes of their own. */
  readonly member?: Type;
  /** What is logged without `--verbose`. Default `warn`; `silent` where failures are the point and are told anyway. */
  readonly log?: LogLevel;
  /** Seeds, boots, waits until everything is handled, closes. */
  play(stage: Stage): Promise<Outcome>;
  /** The outcome for people. */
  show(outcome: Outcome): readonly string[];
}

/** Types a recipe by what its `play` gives. */
export function defineRecipe<Outcome>(recipe: Recipe<Outcome>): Recipe<Outcome> {
  return recipe;
}

/** The head as it is printed and stands above the recipe's worker. */
export function headLines({ order, failure, speed, use }: RecipeHead): string[] {
  return [`order:   ${order}`, `failure: ${failure}`, `speed:   ${speed}`, `use:     ${use}`];
}

/** What `play` of a recipe gives. */
export type OutcomeOf<R> = R extends Recipe<infer Outcome> ? Outcome : never;
