/** A session as it is replayed, wherever it lies. */

import type { Timeline } from "../api";
import type { Evidence } from "../evidence/checking";
import type { Known } from "../evidence/known";
import type { Ask } from "../reports/following";
import type { Told } from "./recording";

export interface Source extends Evidence {
  readonly timeline: Timeline;
  readonly told: Told;
  readonly away: Ask;
  /** How its stretches came to be known. Throws ApiError. */
  readonly known: () => Promise<readonly Known[]>;
  /** Whether a broker can be asked for more: a command's output, a search. */
  readonly hasBroker: boolean;
}
