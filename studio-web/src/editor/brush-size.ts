/** Limits of the brush's diameter in map pixels. */
export const SMALLEST = 1;
export const LARGEST = 400;

/** The diameter `steps` steps above (below 0: under) `diameter`; a step is a sixth, and at least one map pixel. */
export function stepBrush(diameter: number, steps: number): number {
  let size = diameter;
  for (let step = 0; step < Math.abs(steps); step++) {
    size =
      steps > 0 ? Math.max(size + 1, Math.round(size * 1.18)) : Math.min(size - 1, Math.round(size / 1.18));
  }
  return Math.min(Math.max(size, SMALLEST), LARGEST);
}
