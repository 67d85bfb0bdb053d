import { expect, it } from "vitest";
import { Burst, PAUSE_MS } from "../src/live/burst";

it("what follows refused keys without a pause is refused with them", () => {
  const burst = new Burst();
  expect(burst.continues(0)).toBe(false);
  burst.refused(0);
  expect(burst.continues(PAUSE_MS - 1)).toBe(true);
  expect(burst.continues(2 * PAUSE_MS - 2)).toBe(true);
  expect(burst.continues(3 * PAUSE_MS)).toBe(false);
});
