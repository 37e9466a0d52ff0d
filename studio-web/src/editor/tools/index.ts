import type { ToolName } from "../../model/types";
import { Anew } from "./anew";
import { Brush, Restore } from "./brush";
import { Eyedropper } from "./eyedropper";
import { Fill } from "./fill";
import { Lasso } from "./lasso";
import { Move } from "./move";
import { Points } from "./points";
import { Polygon } from "./polygon";
import { Rectangle } from "./rectangle";
import type { Stage, Tool } from "./tool";

/** One tool of each name, working on `stage`. */
export function makeTools(stage: Stage): Readonly<Record<ToolName, Tool>> {
  return {
    brush: new Brush(stage),
    fill: new Fill(stage),
    polygon: new Polygon(stage),
    lasso: new Lasso(stage),
    rectangle: new Rectangle(stage),
    eyedropper: new Eyedropper(stage),
    restore: new Restore(stage),
    move: new Move(stage),
    anew: new Anew(stage),
    points: new Points(stage),
  };
}
