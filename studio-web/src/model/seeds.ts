/** Seeds by chance. */

/** Seeds are below this: short enough to read out. */
const SEEDS = 1_000_000;

/** A seed that the dice throw. */
export function randomSeed(): number {
  return Math.floor(Math.random() * SEEDS);
}
